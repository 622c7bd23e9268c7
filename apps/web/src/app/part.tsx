import type { ReactNode } from 'react';
import { useText } from '../i18n/text.tsx';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorBoundary } from '../ui/error-boundary.tsx';
import { showToast } from '../ui/toast.tsx';

/** A panel or a scene that may fail alone. */
export function Part({ resetKey, children }: { resetKey?: string; children: ReactNode }) {
  const t = useText();
  return (
    <ErrorBoundary
      {...(resetKey === undefined ? {} : { resetKey })}
      fallback={({ error, id, retry }) => (
        <div role="alert">
          <EmptyState
            action={
              <>
                <Button variant="primary" onClick={retry}>{t('part.reload')}</Button>
                <Button
                  onClick={() => {
                    // No text of messages: the stack names code only.
                    void navigator.clipboard.writeText(`${id}\n${error.name}\n${error.stack?.split('\n').slice(1).join('\n') ?? ''}\n${navigator.userAgent}`).then(() => showToast(t('part.copied')));
                  }}
                >
                  {t('part.copy_diagnostics')}
                </Button>
              </>
            }
          >
            {t('part.failed')}
          </EmptyState>
        </div>
      )}
    >
      {children}
    </ErrorBoundary>
  );
}
