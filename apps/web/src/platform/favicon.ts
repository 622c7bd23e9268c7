let last = '';

/** The tab's icon with a number or a dot, drawn here so that it needs no file. */
export function drawFavicon(number: number, dot: boolean): void {
  const key = number > 0 ? (number > 9 ? '9+' : String(number)) : dot ? '•' : '';
  if (key === last) return;
  last = key;
  const link = document.querySelector<HTMLLinkElement>('#favicon');
  if (link === null) return;
  if (key === '') {
    link.href = '/favicon.svg';
    return;
  }
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 64;
  const context = canvas.getContext('2d');
  if (context === null) return;
  const style = getComputedStyle(document.documentElement);
  const image = new Image();
  image.onload = () => {
    context.drawImage(image, 0, 0, 64, 64);
    context.fillStyle = style.getPropertyValue('--badge');
    context.beginPath();
    if (key === '•') context.arc(48, 16, 14, 0, 2 * Math.PI);
    else context.arc(42, 22, 22, 0, 2 * Math.PI);
    context.fill();
    if (key !== '•') {
      context.fillStyle = style.getPropertyValue('--on-badge');
      context.font = 'bold 32px sans-serif';
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText(key, 42, 24);
    }
    if (last === key) link.href = canvas.toDataURL('image/png');
  };
  image.src = '/favicon.svg';
}
