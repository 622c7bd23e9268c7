/** Packed when the client is built; see `pack.ts` and `build/emoji-data.ts`. */
declare module 'virtual:parley-emoji/en' { const packed: string; export default packed; }
declare module 'virtual:parley-emoji/de' { const packed: string; export default packed; }
