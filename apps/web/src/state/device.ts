import { useSyncExternalStore } from 'react';
import { deviceSettings } from '../platform/device-settings.ts';

/** The preferences of this device. */
export const useDeviceSettings = () => useSyncExternalStore(deviceSettings.subscribe, deviceSettings.get);
