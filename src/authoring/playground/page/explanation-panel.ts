/** The panel that shows how a value came to be. */
import type { Explanation } from '../explanation.ts'
import { byId, make } from './dom.ts'
import { storyElements } from './story.ts'

/** In a narrow window lines are longer than it, and can be moved: values keep their places under the expression. */
const FEWEST_COLUMNS = 80

/** Pixels beside the lines, as the style has them. */
const STORY_PADDING = 20

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

  /** Characters that a line of the story has room for. */
  get columns(): number {
    const sample = make('span', {}, '0'.repeat(10))
    const pre = make('pre', { class: 'story' }, sample)
    const wasHidden = this.#panel.hidden
    this.#panel.hidden = false
    this.#body.append(pre)
    const room = pre.clientWidth - STORY_PADDING
    const width = sample.getBoundingClientRect().width / 10
    pre.remove()
    this.#panel.hidden = wasHidden
    return width > 0 ? Math.max(FEWEST_COLUMNS, Math.floor(room / width)) : 100
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

  #parts({ place, story, isBad }: Explanation): HTMLElement[] {
    const pre = make('pre', { class: isBad ? 'story bad' : 'story', tabindex: '0' }, ...storyElements(story))
    if (place === undefined) return [pre]
    const { file, line, column } = place
    const at = make('button', { type: 'button', class: 'at' }, `${file}:${line}:${column}`)
    at.addEventListener('click', () => this.#goTo(file, line, column))
    return [at, pre]
  }
}
