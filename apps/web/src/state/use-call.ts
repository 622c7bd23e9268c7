import { useCallback, useRef, useState } from 'react';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { useText } from '../i18n/text.tsx';
import { callServer } from './api.ts';
import { explain, fieldErrors } from './problem.ts';

/** One act that needs the server: whether it is under way, why it failed, and which fields are wrong. */
export function useCall<C extends Call>(call: C) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [code, setCode] = useState<string | null>(null);
  const running = useRef(false);
  const run = useCallback(
    async (input: InputOf<C>): Promise<ResponseOf<C> | null> => {
      if (running.current) return null;
      running.current = true;
      setBusy(true);
      setError(null);
      const outcome = await callServer(call, input);
      running.current = false;
      setBusy(false);
      setErrors(fieldErrors(outcome));
      setCode(outcome.kind === 'problem' ? outcome.problem.code : null);
      if (outcome.kind === 'ok') return outcome.value as ResponseOf<C>;
      setError(explain(outcome, t));
      return null;
    },
    [call, t],
  );
  return { run, busy, error, errors, code };
}
