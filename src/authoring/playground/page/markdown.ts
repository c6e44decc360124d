/** The Markdown of the reference as elements: paragraphs, lists, code. What it does not know stays text. */
import { make } from './dom.ts'

export function markdownElement(text: string): HTMLElement {
  const whole = make('div', { class: 'doc' })
  // Every second part is fenced code.
  for (const [index, part] of text.split(/^```[a-z]*\n?/m).entries()) {
    if (index % 2 === 1) {
      whole.append(make('pre', {}, part.trimEnd()))
      continue
    }
    for (const block of part.split(/\n{2,}/)) {
      if (block.trim() === '') continue
      if (block.trim() === '---') whole.append(make('hr', {}))
      else if (/^\|/m.test(block)) whole.append(make('pre', {}, block.trim()))
      else whole.append(...paragraphs(block.trim()))
    }
  }
  return whole
}

function paragraphs(block: string): HTMLElement[] {
  const lines = block.split('\n')
  const first = lines.findIndex((line) => line.startsWith('- '))
  if (first === -1) return [make('p', {}, ...inline(lines.join(' ')))]
  const items: string[] = []
  for (const line of lines.slice(first)) {
    if (line.startsWith('- ')) items.push(line.slice(2))
    else items[items.length - 1] += ` ${line.trim()}`
  }
  const list = make('ul', {}, ...items.map((item) => make('li', {}, ...inline(item))))
  return first === 0 ? [list] : [make('p', {}, ...inline(lines.slice(0, first).join(' '))), list]
}

/** Text with `code` in it. */
function inline(text: string): (Node | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part))
}
