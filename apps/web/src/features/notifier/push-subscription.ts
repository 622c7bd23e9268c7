import { getServer } from '@parley/shared/protocol/calls/accounts';
import { pushSubscribe, pushUnsubscribe } from '@parley/shared/protocol/calls/push';
import { readText, writeText } from '../../platform/device-settings.ts';
import { callServer } from '../../state/api.ts';

/** What the server was last told, and when. */
const KEY = 'parley.push';
const TELL_AGAIN_MS = 24 * 3_600_000;

/**
 * Has this browser told while no page is open, once notifications are allowed; and no longer when they are not. Safe to
 * repeat: the server hears of it when something changed, and once a day.
 */
export async function keepPushed(account: { userId: string; deviceId: string }, language: string): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  if (!registration?.active || !('pushManager' in registration)) return;
  if (Notification.permission !== 'granted') {
    if (readText(KEY) === null) return;
    writeText(KEY, null);
    await callServer(pushUnsubscribe, {});
    return;
  }
  const server = await callServer(getServer, {});
  const key = server.kind === 'ok' ? server.value.push?.web_key : null;
  if (typeof key !== 'string') return;
  let subscription = await registration.pushManager.getSubscription();
  // Another server's key, or one from before a new beginning.
  if (subscription !== null && textOf(subscription.options.applicationServerKey) !== key) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  if (endpoint === undefined || keys?.['p256dh'] === undefined || keys['auth'] === undefined) return;
  const told = JSON.stringify([account.userId, account.deviceId, endpoint, language]);
  const [last, at] = (readText(KEY) ?? '').split('\n');
  if (last === told && Date.now() - Number(at) < TELL_AGAIN_MS) return;
  const outcome = await callServer(pushSubscribe, { kind: 'web', endpoint, keys: { p256dh: keys['p256dh'], auth: keys['auth'] }, language });
  if (outcome.kind === 'ok') writeText(KEY, `${told}\n${Date.now()}`);
}

/** Signed out here: this browser is told nothing more, whatever the server still believes. */
export async function forgetPush(): Promise<void> {
  writeText(KEY, null);
  const registration = await navigator.serviceWorker?.getRegistration();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

const textOf = (bytes: ArrayBuffer | null): string => (bytes === null ? '' : btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''));
