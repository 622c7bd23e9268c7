import { useRef, useState } from 'react';
import { uuidv7 } from '@parley/shared/domain/ids';
import { STARRED } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useEngine, useSections } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';

/** Names a section of the sidebar; a new one takes the conversation that it was made for. */
export function SectionDialog({ id, name, channelId, onClose }: { id: string | null; name: string; channelId: string | null; onClose(): void }) {
  const t = useText();
  const engine = useEngine();
  const sections = useSections();
  const [text, setText] = useState(name);
  const [wrong, setWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = () => {
    const next = text.trim();
    if (next === '') return setWrong(true);
    const last = Math.max(0, ...sections.filter((section) => section.id !== STARRED).map((section) => section.position));
    if (id !== null) void engine.putSection(id, { name: next });
    else void engine.putSection(uuidv7({ now: () => Date.now() }, { bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) }), { name: next, position: last + 1, ...(channelId === null ? {} : { add: [channelId] }) });
    onClose();
  };
  return (
    <Dialog title={t(id === null ? 'section.new' : 'section.rename')} closeLabel={t('app.close')} onClose={onClose} onSubmit={submit} initialFocus={field}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary">{t(id === null ? 'section.create' : 'app.save')}</Button></>}>
      <Field ref={field} label={t('section.name')} maxLength={80} value={text} error={wrong ? t('section.need_name') : null} onChange={(event) => { setText(event.target.value); setWrong(false); }} />
    </Dialog>
  );
}
