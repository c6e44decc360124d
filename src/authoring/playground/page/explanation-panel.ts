/** The panel that shows how a value came to be. */
import type { Explanation } from '../explanation.ts'
import { byId, make } from './dom.ts'

export class ExplanationPanel {
  readonly #panel = byId('explanation')
  readonly #title = byId('explanation-title')
  readonly #body = byId('explanation-body')
  readonly #goTo: (file: string, line: number, column: number) => void
  /** The button that the explanation is of. */
  #from: HTMLElement | undefined

  /** @param goTo shows a place of a file in its editor */
  constructor(goTo: (file: string, line: number, column: number) => void) {
    this.#goTo = goTo
    byId('explanation-close').addEventListener('click', () => this.close())
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      this.close()
    })
  }

  get isOpen(): boolean {
    return !this.#panel.hidden
  }

  /** @param takesFocus somebody asked for it just now. Default: true */
  show(explanation: Explanation, from: HTMLElement, takesFocus = true): void {
    this.#mark(from)
    this.#title.textContent = explanation.name
    this.#body.replaceChildren(...this.#parts(explanation))
    this.#panel.hidden = false
    if (!takesFocus) return
    this.#body.scrollTop = 0
    this.#panel.focus()
  }

  /** Shows that there is nothing to explain. */
  showText(title: string, text: string, from: HTMLElement): void {
    this.#mark(from)
    this.#title.textContent = title
    this.#body.replaceChildren(make('p', {}, text))
    this.#panel.hidden = false
    this.#panel.focus()
  }

  close(): void {
    if (this.#panel.hidden) return
    const hadFocus = this.#panel.contains(document.activeElement)
    this.#panel.hidden = true
    this.#from?.removeAttribute('aria-current')
    if (hadFocus) this.#from?.focus()
    this.#from = undefined
  }

  #mark(from: HTMLElement): void {
    this.#from?.removeAttribute('aria-current')
    this.#from = from
    from.setAttribute('aria-current', 'true')
  }

  #parts({
    file,
    line,
    column,
    text,
    fault,
    outcome,
    isBad,
    steps,
    fields,
    tables,
  }: Explanation): HTMLElement[] {
    const at = make('button', { type: 'button', class: 'at' }, `${file}:${line}:${column}`)
    at.addEventListener('click', () => this.#goTo(file, line, column))
    return [
      at,
      make('p', { class: isBad ? 'outcome bad' : 'outcome' }, outcome),
      make('pre', {}, ...expression(text, fault)),
      ...table('Fields of the event', fields),
      ...table('Step by step', steps),
      ...table('Tables', tables),
    ]
  }
}

function expression(text: string, fault: Explanation['fault']): (Node | string)[] {
  if (fault === undefined) return [text]
  const { start, end } = fault
  return [text.slice(0, start), make('mark', {}, text.slice(start, end)), text.slice(end)]
}

function table(title: string, rows: Explanation['steps']): HTMLElement[] {
  if (rows.length === 0) return []
  const body = rows.map(({ text, value, isAbsent, note }) =>
    make(
      'tr',
      {},
      make('td', {}, text),
      make(
        'td',
        {},
        make('span', { class: isAbsent ? 'absent' : 'value' }, value),
        note === undefined ? undefined : ` ${note}`,
      ),
    ),
  )
  return [make('h4', {}, title), make('table', { class: 'steps' }, make('tbody', {}, ...body))]
}
