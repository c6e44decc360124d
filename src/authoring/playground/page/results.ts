/** The output and the rejected events, as elements. Each value is a button: it shows how it came to be. */
import type { TrialResult } from '../trial.ts'
import { make } from './dom.ts'

/** The value that was chosen. */
export interface Chosen {
  /** The event, counted from 0, and which of the results of it. */
  readonly event: number
  readonly element: number
  /** The path of the output field; undefined: the event was rejected. */
  readonly path: readonly string[] | undefined
}

/** The same text for the same place in the output. */
export function valueKey({ event, element, path }: Chosen): string {
  return JSON.stringify([event, element, path ?? null])
}

/** So many values are elements of the page; what is more is left out, and said so. */
const MAX_VALUES = 6000

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/y

/** The values that are left to be shown. */
export interface Budget {
  values: number
}

export function newBudget(): Budget {
  return { values: MAX_VALUES }
}

/**
 * A line of output, indented.
 *
 * @param text JSON, perhaps cut at its end
 */
export function outputElement(
  { text, line, event, rules }: Extract<TrialResult, { kind: 'output' }>,
  element: number,
  budget: Budget,
  choose: (chosen: Chosen, button: HTMLButtonElement) => void,
): HTMLElement {
  const body = make('pre', { class: 'json' })
  new Renderer(text, body, budget, (path) => ({ event, element, path }), choose).run()
  return make('div', { class: 'result' }, lineButton(line), make('div', {}, setLabel(rules), body))
}

export function rejectElement(
  { code, message, raw, line, event, rules }: Extract<TrialResult, { kind: 'rejected' }>,
  element: number,
  choose: (chosen: Chosen, button: HTMLButtonElement) => void,
): HTMLElement {
  const button = make(
    'button',
    { type: 'button', class: 'why value', tabindex: '-1' },
    make('span', { class: 'code' }, code),
    make('span', { class: 'message' }, message),
  )
  const chosen = { event, element, path: undefined }
  button.dataset.value = valueKey(chosen)
  button.addEventListener('click', () => choose(chosen, button))
  return make(
    'div',
    { class: 'result reject' },
    lineButton(line),
    make('div', {}, setLabel(rules), button, make('span', { class: 'raw', title: raw }, raw)),
  )
}

/** The rule set that took the event, where there are several. */
function setLabel(rules: string | undefined): HTMLElement | undefined {
  return rules === undefined ? undefined : make('span', { class: 'set', title: 'the rule set' }, rules)
}

/** The line of the event, which leads to it. */
function lineButton(line: number): HTMLButtonElement {
  const title = `Go to line ${line} of the events`
  const button = make(
    'button',
    { type: 'button', class: 'line', title, 'aria-label': title, tabindex: '-1' },
    String(line),
  )
  button.dataset.line = String(line)
  return button
}

/** Writes JSON with line breaks, token by token: numbers keep their digits. */
class Renderer {
  readonly #text: string
  readonly #target: HTMLElement
  readonly #budget: Budget
  readonly #chosen: (path: readonly string[]) => Chosen
  readonly #choose: (chosen: Chosen, button: HTMLButtonElement) => void
  readonly #path: string[] = []
  /** The collections that are open: in a list, the number of its elements so far. */
  readonly #open: { isList: boolean; count: number; isShort: boolean }[] = []
  #position = 0

  constructor(
    text: string,
    target: HTMLElement,
    budget: Budget,
    chosen: (path: readonly string[]) => Chosen,
    choose: (chosen: Chosen, button: HTMLButtonElement) => void,
  ) {
    this.#chosen = chosen
    this.#text = text
    this.#target = target
    this.#budget = budget
    this.#choose = choose
  }

  run(): void {
    /** A name was read and waits for its value. */
    let name: string | undefined
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (this.#budget.values <= 0) {
        this.#target.append('…')
        return
      }
      const inside = this.#open.at(-1)
      if (token === '}' || token === ']') {
        this.#open.pop()
        if (inside !== undefined && inside.count > 0 && !inside.isShort) this.#newLine()
        this.#target.append(token)
        this.#path.length = this.#depth()
        continue
      }
      if (token === ',') {
        this.#target.append(inside?.isShort ? ', ' : ',')
        continue
      }
      if (token === ':') {
        this.#target.append(': ')
        continue
      }
      if (inside !== undefined && !inside.isList && name === undefined) {
        if (!inside.isShort) this.#newLine()
        inside.count++
        name = unescaped(token)
        this.#path.length = this.#depth() - 1
        this.#path.push(name)
        this.#value(token, 'name')
        continue
      }
      if (inside?.isList) {
        if (!inside.isShort) this.#newLine()
        this.#path.length = this.#depth() - 1
        this.#path.push(String(inside.count++))
      }
      name = undefined
      if (token === '{' || token === '[') {
        this.#target.append(token)
        this.#open.push({ isList: token === '[', count: 0, isShort: this.#isShort(token) })
      } else this.#value(token, token[0] === '"' ? 'string' : /^-?\d/.test(token) ? 'number' : 'word')
    }
  }

  #depth(): number {
    return this.#open.length
  }

  /** A list of scalars that fits onto a line stays on it. */
  #isShort(token: string): boolean {
    if (token !== '[') return false
    const end = this.#text.indexOf(']', this.#position)
    return end !== -1 && end - this.#position < 60 && !/[{[]/.test(this.#text.slice(this.#position, end))
  }

  #next(): string | undefined {
    TOKEN.lastIndex = this.#position
    const found = TOKEN.exec(this.#text)
    if (found === null) {
      // A text that was cut inside a string.
      const rest = this.#text.slice(this.#position)
      this.#position = this.#text.length
      return rest === '' ? undefined : rest
    }
    this.#position = TOKEN.lastIndex
    return found[0]
  }

  #newLine(): void {
    this.#target.append(`\n${'  '.repeat(this.#open.length)}`)
  }

  #value(token: string, type: string): void {
    this.#budget.values--
    const chosen = this.#chosen([...this.#path])
    const button = make('button', { type: 'button', class: `value ${type}`, tabindex: '-1' }, token)
    button.dataset.value = valueKey(chosen)
    button.addEventListener('click', () => this.#choose(chosen, button))
    this.#target.append(button)
  }
}

function unescaped(token: string): string {
  try {
    return JSON.parse(token) as string
  } catch {
    return token
  }
}

/** One value can be reached by Tab, the others from there by arrow keys. */
export function withArrowKeys(container: HTMLElement): void {
  container.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches('.value')) return
    for (const other of container.querySelectorAll<HTMLElement>('.value[tabindex="0"]')) other.tabIndex = -1
    target.tabIndex = 0
  })
  container.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[
      event.key
    ]
    if (step === undefined || !(event.target instanceof HTMLElement) || !event.target.matches('.value'))
      return
    const values = [...container.querySelectorAll<HTMLElement>('.value')]
    const index = values.indexOf(event.target) + step
    values[Math.max(0, Math.min(values.length - 1, index))]?.focus()
    event.preventDefault()
  })
}

/** Makes the first value the one that Tab reaches. */
export function firstReachable(container: HTMLElement): void {
  const first = container.querySelector<HTMLElement>('.value')
  if (first !== null) first.tabIndex = 0
}
