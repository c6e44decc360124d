import type { EditedDocument } from '../../../src/authoring/editor/index.ts'
import { kindOf, sampleOf } from '../../../src/authoring/editor/index.ts'

/** Events that documents of these tests are written against. */
const EVENTS = [
  { src: '192.0.2.1', user: { name: 'anna', id: 7 }, 'odd name': [1], tags: ['a'] },
  { src: null, user: { name: 'bob' }, port: 443 },
]

/** A document whose text has the cursor at `¦`. */
export function marked(
  text: string,
  options: Partial<EditedDocument> = {},
): { document: EditedDocument; offset: number } {
  const offset = text.indexOf('¦')
  const whole = text.replace('¦', '')
  const { file = 'x.yaml' } = options
  return {
    document: {
      kind: kindOf(file, whole),
      file,
      text: whole,
      lookups: [],
      sample: sampleOf(EVENTS),
      ...options,
    },
    offset,
  }
}
