import { createContext, useContext, useMemo, type ReactNode } from 'react';
import type { Engine } from '@parley/shared/sync/api';
import { useReadable } from './readable.ts';

const EngineContext = createContext<Engine | null>(null);

export function EngineProvider({ engine, children }: { engine: Engine; children: ReactNode }) {
  return <EngineContext.Provider value={engine}>{children}</EngineContext.Provider>;
}

/** The engine of the account in front. Only inside the app, never on sign-in pages. */
export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (engine === null) throw new Error('There is no engine here.');
  return engine;
}

export function useMe() {
  return useReadable(useEngine().me);
}
export function useConnection() {
  return useReadable(useEngine().connection);
}
export function useWorkspaces() {
  return useReadable(useEngine().workspaces);
}
export function useChannels(workspaceId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.channels(workspaceId), [engine, workspaceId]));
}
export function useChannel(channelId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.channel(channelId), [engine, channelId]));
}
export function useUser(userId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.user(userId), [engine, userId]));
}
export function usePresence(userId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.presence(userId), [engine, userId]));
}
export function useTyping(channelId: string, rootId: string | null) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.typing(channelId, rootId), [engine, channelId, rootId]));
}
export function useThread(rootId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.thread(rootId), [engine, rootId]));
}
export function useThreads() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.threads(), [engine]));
}
export function useDraft(channelId: string, rootId: string | null) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.draft(channelId, rootId), [engine, channelId, rootId]));
}
export function useDrafts() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.drafts(), [engine]));
}
export function useSaved() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.saved(), [engine]));
}
export function useSavedOf(messageId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.savedOf(messageId), [engine, messageId]));
}
export function useScheduled() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.scheduled(), [engine]));
}
export function useUpload(id: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.upload(id), [engine, id]));
}
export function useInbox() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.inbox(), [engine]));
}
export function useSections() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.sections(), [engine]));
}
export function usePreferences() {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.preferences(), [engine]));
}
export function useGroups(workspaceId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.groups(workspaceId), [engine, workspaceId]));
}
export function useGroup(groupId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.group(groupId), [engine, groupId]));
}
export function useCustomEmoji(workspaceId: string) {
  const engine = useEngine();
  return useReadable(useMemo(() => engine.customEmoji(workspaceId), [engine, workspaceId]));
}
export function useOutbox() {
  return useReadable(useEngine().outbox);
}
