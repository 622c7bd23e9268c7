import { ESLint } from 'eslint';
import { createProjectGraphAsync } from 'nx/src/project-graph/project-graph.js';
import { beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const lint = async (filePath: string, code: string): Promise<string[]> => {
  const eslint = new ESLint({ cwd: root });
  const [result] = await eslint.lintText(code, { filePath: `${root}${filePath}` });
  return result!.messages.map((m) => m.ruleId ?? m.message);
};

describe('import arrows', () => {
  // The boundary rule reads the cached project graph and does nothing without one.
  beforeAll(async () => {
    process.chdir(root);
    await createProjectGraphAsync();
  }, 60_000);

  it.each([
    ['libs/shared/src/domain/ids.ts', `import { LIMITS } from '../protocol/limits.ts';\nexport const x = LIMITS;\n`],
    ['libs/shared/src/protocol/common.ts', `import fs from 'node:fs';\nexport const x = fs;\n`],
    ['apps/server/src/core.ts'.replace('core', 'features/messages/messages.service'), `import { openMemoryStore } from '../../storage/memory/memory-store.ts';\nexport const x = openMemoryStore;\n`],
    ['apps/web/src/ui/button/button.tsx', `import { MessageList } from '../../features/message-list/message-list.tsx';\nexport const x = MessageList;\n`],
  ])('a violation in %s fails the lint', async (file, code) => {
    expect(await lint(file, code)).toContain('no-restricted-imports');
  });

  it('an application that imports another fails the lint', async () => {
    expect(await lint('apps/web/src/main.tsx', `import { createCore } from '../../server/src/core.ts';\nexport const x = createCore;\n`)).toContain('@nx/enforce-module-boundaries');
  });

  it('an allowed import passes', async () => {
    expect(await lint('libs/shared/src/protocol/common.ts', `import { UUID_PATTERN } from '../domain/ids.ts';\nexport const x = UUID_PATTERN;\n`)).toEqual([]);
  });
});
