import './ui/global.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { followAppearance } from './platform/appearance.ts';
import { followOtherTabs } from './platform/device-settings.ts';
import { cspNonce } from './platform/platform.ts';
import { startSession } from './state/session.ts';

// First of all: the cache is opened and read while React makes its first nodes.
void startSession();
const nonce = cspNonce();
if (nonce !== undefined) setNonce(nonce);
followOtherTabs();
followAppearance();
createRoot(document.getElementById('root')!).render(<App />);
