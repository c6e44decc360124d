/** The story of `normalize explain` as elements: the colours of a terminal become classes. */
import { make } from './dom.ts'

/** The classes of what begins with these codes of a terminal (SGR): those of `explain/paint.ts`. */
const CLASSES: Readonly<Record<string, string>> = {
  1: 'name',
  2: 'dim',
  4: 'heading',
  31: 'fault',
  32: 'value',
  33: 'absent',
}

/** Every code ends what the last one began. */
export function storyElements(story: string): (Node | string)[] {
  const nodes: (Node | string)[] = []
  let open: string | undefined
  for (const [index, piece] of story.split(/\x1b\[(\d+)m/).entries()) {
    // Texts and codes take turns.
    if (index % 2 === 1) open = CLASSES[piece]
    else if (piece !== '') nodes.push(open === undefined ? piece : make('span', { class: open }, piece))
  }
  return nodes
}
