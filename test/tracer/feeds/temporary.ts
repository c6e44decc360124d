import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A directory that is gone after the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'feeds-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A file with this content that is gone after the test. */
export async function temporaryFile(
  t: TestContext,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const file = join(await temporaryDirectory(t), name)
  await writeFile(file, content)
  return file
}
