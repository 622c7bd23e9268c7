/** Parley's mark: two half-discs facing each other. */
export function Mark({ size = 1.5, label }: { size?: number; label?: string }) {
  return (
    <svg viewBox="0 0 64 64" style={{ inlineSize: `${size}rem`, blockSize: `${size}rem`, flex: 'none' }} {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}>
      <path d="M29 8v48a24 24 0 0 1 0-48z" fill="var(--on-rail)" />
      <path d="M35 8a24 24 0 0 1 0 48z" fill="var(--rail-badge)" />
    </svg>
  );
}
