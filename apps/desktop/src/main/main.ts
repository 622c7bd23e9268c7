/** The address that the desktop window opens first; the shell around it is not built yet. */
export const START_ADDRESS = 'parley-app://app/';
