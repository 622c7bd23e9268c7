import './ui/global.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { followAppearance } from './platform/appearance.ts';
import { followOtherTabs } from './platform/device-settings.ts';
import { cspNonce } from './platform/platform.ts';

const nonce = cspNonce();
if (nonce !== undefined) setNonce(nonce);
followOtherTabs();
followAppearance();
createRoot(document.getElementById('root')!).render(<App />);
