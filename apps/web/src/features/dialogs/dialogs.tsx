import { lazy, Suspense } from 'react';
import { withWords } from '../../i18n/catalogue.ts';
import { usePlace } from '../../state/place.tsx';
import { useScreen } from '../../state/screen.ts';
import { loadDialog } from '../../ui/dialog.tsx';

/** Loaded when first opened: none of them is needed for the first paint. */
const channel = () => withWords(import('./channel-dialogs.tsx'));
const person = () => withWords(import('./person-dialogs.tsx'));
const CreateChannelDialog = lazy(() => channel().then((m) => ({ default: m.CreateChannelDialog })));
const NewMessageDialog = lazy(() => channel().then((m) => ({ default: m.NewMessageDialog })));
const AddPeopleDialog = lazy(() => channel().then((m) => ({ default: m.AddPeopleDialog })));
const RenameChannelDialog = lazy(() => channel().then((m) => ({ default: m.RenameChannelDialog })));
const EditTopicDialog = lazy(() => channel().then((m) => ({ default: m.EditTopicDialog })));
const LeaveChannelDialog = lazy(() => channel().then((m) => ({ default: m.LeaveChannelDialog })));
const ArchiveChannelDialog = lazy(() => channel().then((m) => ({ default: m.ArchiveChannelDialog })));
const StatusDialog = lazy(() => person().then((m) => ({ default: m.StatusDialog })));
const InvitePeopleDialog = lazy(() => person().then((m) => ({ default: m.InvitePeopleDialog })));
const PersonDialog = lazy(() => person().then((m) => ({ default: m.PersonDialog })));
const ReadAllDialog = lazy(() => person().then((m) => ({ default: m.ReadAllDialog })));
const SignOutDialog = lazy(() => person().then((m) => ({ default: m.SignOutDialog })));
const SectionDialog = lazy(() => withWords(import('./section-dialog.tsx')).then((m) => ({ default: m.SectionDialog })));
const WhyDialog = lazy(() => withWords(import('../why/why-dialog.tsx')).then((m) => ({ default: m.WhyDialog })));
const group = () => withWords(import('../groups/group-dialogs.tsx'));
const GroupDialog = lazy(() => group().then((m) => ({ default: m.GroupDialog })));
const EditGroupDialog = lazy(() => group().then((m) => ({ default: m.EditGroupDialog })));
const TimeDialog = lazy(() => withWords(import('./time-dialog.tsx')).then((m) => ({ default: m.TimeDialog })));
const ForwardDialog = lazy(() => withWords(import('./forward-dialog.tsx')).then((m) => ({ default: m.ForwardDialog })));
const EmojiDialog = lazy(() => withWords(import('../emoji/emoji-dialog.tsx')).then((m) => ({ default: m.EmojiDialog })));
const KeyboardSheet = lazy(() => withWords(import('./keyboard-sheet.tsx')).then((m) => ({ default: m.KeyboardSheet })));
const Switcher = lazy(() => withWords(import('../switcher/switcher.tsx')).then((m) => ({ default: m.Switcher })));

/** Fetched once the page is idle, so that the first opening does not wait. */
export const preloadDialogs = (): void => {
  for (const load of [loadDialog, channel, person, () => import('../switcher/switcher.tsx'), () => import('./keyboard-sheet.tsx')]) load().catch((error: unknown) => console.warn('A part could not be fetched ahead.', error));
};

/** The dialog that is open. */
export function Dialogs() {
  const dialog = useScreen((screen) => screen.dialog);
  const onClose = useScreen((screen) => screen.close);
  const { workspaceId } = usePlace();
  if (dialog === null) return null;
  const view = () => {
    switch (dialog.kind) {
      case 'switcher': return <Switcher start={dialog.start} onClose={onClose} />;
      case 'sheet': return <KeyboardSheet onClose={onClose} />;
      case 'create_channel': return <CreateChannelDialog workspaceId={workspaceId} name={dialog.name} onClose={onClose} />;
      case 'new_message': return <NewMessageDialog workspaceId={workspaceId} onClose={onClose} />;
      case 'invite_people': return <InvitePeopleDialog workspaceId={workspaceId} onClose={onClose} />;
      case 'add_people': return <AddPeopleDialog workspaceId={workspaceId} channelId={dialog.channelId} onClose={onClose} />;
      case 'rename_channel': return <RenameChannelDialog channelId={dialog.channelId} onClose={onClose} />;
      case 'edit_topic': return <EditTopicDialog channelId={dialog.channelId} onClose={onClose} />;
      case 'leave_channel': return <LeaveChannelDialog channelId={dialog.channelId} onClose={onClose} />;
      case 'archive_channel': return <ArchiveChannelDialog channelId={dialog.channelId} onClose={onClose} />;
      case 'status': return <StatusDialog onClose={onClose} />;
      case 'read_all': return <ReadAllDialog workspaceId={workspaceId} onClose={onClose} />;
      case 'person': return <PersonDialog userId={dialog.userId} workspaceId={workspaceId} onClose={onClose} />;
      case 'group': return <GroupDialog key={dialog.groupId} groupId={dialog.groupId} onClose={onClose} />;
      case 'emoji': return <EmojiDialog workspaceId={workspaceId} onClose={onClose} />;
      case 'edit_group': return <EditGroupDialog workspaceId={workspaceId} groupId={dialog.groupId} onClose={onClose} />;
      case 'section': return <SectionDialog id={dialog.id} name={dialog.name} channelId={dialog.channelId} onClose={onClose} />;
      case 'pick_time': return <TimeDialog purpose={dialog.purpose} at={dialog.at} onPick={dialog.onPick} onClose={onClose} />;
      case 'forward': return <ForwardDialog workspaceId={workspaceId} message={dialog.message} onClose={onClose} />;
      case 'why': return <WhyDialog message={dialog.message} onClose={onClose} />;
      case 'sign_out': return <SignOutDialog onClose={onClose} />;
    }
  };
  return <Suspense fallback={null}>{view()}</Suspense>;
}
