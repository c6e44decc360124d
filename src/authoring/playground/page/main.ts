/**
 * The page of the playground.
 *
 *     rules, events ──a pause of 150 ms──► language worker: problems ──► underlined, listed
 *                                     └──► running worker: results ────► output, rejected
 *     pointer, typing ───────────────────► language worker: hover, completions
 *     a value is clicked ────────────────► running worker: explanation
 *
 * Two workers, so that a rule that runs away stops neither completions nor problems.
 */
import type { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { Lines } from '../../../expression/syntax/lines.ts'
import type { InputFormat } from '../../../formats/input-options.ts'
import { offsetAt } from '../../editor/positions.ts'
import type { PlaygroundContent, PlaygroundFile, PlaygroundStart } from '../content.ts'
import { SAMPLE_CONTENT } from '../content.ts'
import type { PlacedProblem, TrialRun } from '../trial.ts'
import { byId, make } from './dom.ts'
import { eventsState, goTo, rulesState, showProblems } from './editors.ts'
import { Engine, Outdated, Stopped } from './engine.ts'
import { ExplanationPanel } from './explanation-panel.ts'
import {
  type Chosen,
  firstReachable,
  newBudget,
  outputElement,
  rejectElement,
  valueKey,
  withArrowKeys,
} from './results.ts'
import { contentOf, fragmentOf } from './share.ts'

/** Nothing is checked before so long nothing was typed. */
const PAUSE_MS = 150

const TOKEN_KEY = 'sluice-token'
const THEME_KEY = 'sluice-theme'

/** A file that is open: its text is in the state of its editor. */
interface OpenFile {
  readonly file: PlaygroundFile
  state: EditorState
  /** The text that was saved last, with LF. */
  saved: string
  /** The line end and the byte order mark of the file as it was read. */
  readonly lineEnd: '\n' | '\r\n'
  readonly mark: '' | '\ufeff'
}

/** The things to see of a file beside its text. */
interface FileMarks {
  readonly label: string
  readonly isBad: boolean
  readonly isChanged: boolean
}

/** More files are a list. */
const MOST_TABS = 5

class Playground {
  readonly #nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')!.content
  readonly #language = new Engine(new URL('worker.js', document.baseURI))
  readonly #running = new Engine(new URL('worker.js', document.baseURI))
  readonly #files: OpenFile[] = []
  #active = 0
  readonly #rules: EditorView
  readonly #events: EditorView
  readonly #panel: ExplanationPanel
  readonly #input: PlaygroundContent['input']
  /** The parts of the content that nobody edits. */
  readonly #settings: Omit<PlaygroundContent, 'files' | 'events' | 'input'>
  readonly #fileList = byId<HTMLSelectElement>('file-list')
  #versions: Record<string, string>
  #problems: readonly PlacedProblem[] = []
  #timer: number | undefined
  /** A file on the disk was changed by somebody else, and the next save writes over it. */
  #force = false
  readonly #format = byId<HTMLSelectElement>('format')
  /** Grows with every change: an answer to what was there before is not shown. */
  #change = 0

  constructor({ content, versions, notes }: PlaygroundStart) {
    this.#versions = { ...versions }
    const { files: _files, events: _events, input, ...settings } = content
    this.#input = input
    this.#settings = settings
    this.#format.value = content.input.inputFormat ?? 'jsonl'
    for (const file of content.files) this.#files.push(this.#open(file))
    this.#rules = new EditorView({ state: this.#files[0]!.state, parent: byId('rules-editor') })
    const changed = () => this.#changed()
    this.#events = new EditorView({
      state: eventsState(content.events, this.#nonce, changed),
      parent: byId('events-editor'),
    })
    this.#panel = new ExplanationPanel((file, line, column) => this.#goTo(file, line, column))
    this.#format.addEventListener('change', changed)
    this.#fileList.addEventListener('change', () => this.#show(this.#fileList.selectedIndex))
    byId('share').addEventListener('click', () => void this.#share())
    byId('save').addEventListener('click', () => void this.#save())
    byId('save').hidden = !this.#canSave
    withArrowKeys(byId('results'))
    byId('results').addEventListener('click', ({ target }) => {
      const line = target instanceof HTMLElement ? target.dataset.line : undefined
      if (line === undefined) return
      const { doc } = this.#events.state
      goTo(this.#events, doc.line(Math.min(Number(line), doc.lines)).from)
    })
    if (notes.length > 0) notice(notes.join(' '))
    window.addEventListener('beforeunload', (event) => {
      if (this.#canSave && this.#unsaved.length > 0) event.preventDefault()
    })
    window.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 's') return
      event.preventDefault()
      if (this.#canSave) void this.#save()
      else void this.#share()
    })
    this.#showFiles()
    this.#check()
  }

  get #canSave(): boolean {
    return Object.keys(this.#versions).length > 0
  }

  #open(file: PlaygroundFile): OpenFile {
    const mark = file.text.startsWith('\ufeff') ? '\ufeff' : ''
    const lineEnd = file.text.includes('\r\n') ? '\r\n' : '\n'
    const advice = {
      complete: (offset: number) => this.#ask('complete', file.name, offset),
      hover: (offset: number) => this.#ask('hover', file.name, offset),
    }
    const text = file.text.slice(mark.length)
    const state = rulesState(text, this.#nonce, file.name, advice, () => this.#changed())
    return { file, state, saved: state.doc.toString(), lineEnd, mark }
  }

  async #ask<Kind extends 'complete' | 'hover'>(kind: Kind, file: string, offset: number) {
    try {
      this.#language.use(this.#content())
      return await this.#language.ask(kind, { file, offset })
    } catch {
      // Completions and hovers that come too late are none.
      return undefined
    }
  }

  #last: PlaygroundContent | undefined
  #lastChange = -1

  /** The content of the editors now; the same object until something changes. */
  #content(): PlaygroundContent {
    if (this.#last !== undefined && this.#lastChange === this.#change) return this.#last
    this.#lastChange = this.#change
    this.#files[this.#active]!.state = this.#rules.state
    const inputFormat = this.#format.value as InputFormat
    // Options of one format are refused by another one.
    const { inputFormat: before = 'jsonl', ...options } = this.#input
    this.#last = {
      ...this.#settings,
      files: this.#files.map(({ file, state }) => ({ ...file, text: state.doc.toString() })),
      events: this.#events.state.doc.toString(),
      input: inputFormat === before ? { ...options, inputFormat } : { inputFormat },
    }
    return this.#last
  }

  // --- checking and running ---------------------------------------------------------------------------------------

  #changed(): void {
    this.#change++
    this.#force = false
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#check(), PAUSE_MS)
    this.#showFiles()
  }

  #check(): void {
    const change = this.#change
    const content = this.#content()
    this.#language.use(content)
    this.#running.use(content)
    void this.#language.ask('check', {}).then(
      (problems) => {
        if (change === this.#change) this.#showProblems(problems)
      },
      (error) => this.#failed(error, change),
    )
    void this.#running.ask('run', {}).then(
      (run) => {
        if (change === this.#change) this.#showRun(run)
      },
      (error) => this.#failed(error, change),
    )
  }

  #failed(error: Error, change: number): void {
    if (error instanceof Outdated || change !== this.#change) return
    this.#panel.close()
    if (!(error instanceof Stopped)) {
      status(`This should not have happened: ${error.message}`, true)
      return
    }
    const text =
      error.event === undefined
        ? 'The rules took too long to be compiled, and were stopped.'
        : `Event ${error.event + 1} took longer than a second and was stopped.`
    byId('outputs').replaceChildren(make('p', { class: 'quiet', id: 'stopped' }, text))
    byId('rejects').replaceChildren()
    byId('rejected-title').hidden = true
    byId('results').inert = false
    byId('results').classList.remove('stale')
    byId('counts').replaceChildren(make('span', { class: 'bad' }, 'stopped'))
  }

  #showProblems(problems: readonly PlacedProblem[]): void {
    this.#problems = problems
    this.#markProblems()
    const list = byId('problems')
    const height = list.offsetHeight
    list.hidden = problems.length === 0
    list.replaceChildren(...problems.map((problem) => this.#problemItem(problem)))
    // The list takes its room from the editor: the line that is being written stays in sight.
    if (list.offsetHeight > height && this.#rules.hasFocus) {
      this.#rules.dispatch({ effects: EditorView.scrollIntoView(this.#rules.state.selection.main.head) })
    }
    this.#showFiles()
    this.#markStale()
  }

  /** Output that the rules made before they were wrong is still there, and not theirs. */
  #markStale(): void {
    const results = byId('results')
    results.classList.toggle('stale', this.#hasErrors)
    results.inert = this.#hasErrors
    if (!this.#hasErrors) return
    this.#panel.close()
    byId('counts').replaceChildren(make('span', { class: 'bad' }, 'the rules have errors'))
    if (byId('outputs').childElementCount > 0 || byId('rejects').childElementCount > 0) return
    byId('outputs').append(make('p', { class: 'quiet' }, 'There is no output: the rules have errors.'))
  }

  #markProblems(): void {
    const { name } = this.#files[this.#active]!.file
    showProblems(
      this.#rules,
      this.#problems.filter(({ file }) => file === name),
    )
  }

  #labelOf(name: string): string {
    const index = this.#files.findIndex(({ file }) => file.name === name)
    return this.#labels[index] ?? name
  }

  #problemItem({ file, line, column, severity, message, hint }: PlacedProblem): HTMLElement {
    const button = make(
      'button',
      { type: 'button' },
      make(
        'span',
        { class: 'place', title: file },
        this.#files.length > 1 ? `${this.#labelOf(file)} ${line}:${column}` : `${line}:${column}`,
      ),
      make('span', { class: 'message' }, `${severity}: ${message}`),
      hint === undefined ? undefined : make('span', { class: 'hint' }, hint),
    )
    button.addEventListener('click', () => this.#goTo(file, line, column))
    return make('li', { class: severity }, button)
  }

  #showRun({ results, events, cut, problem, milliseconds, hasErrors }: TrialRun): void {
    if (hasErrors) return
    const chosen = this.#panel.isOpen ? this.#chosen : undefined
    const budget = newBudget()
    const outputs: HTMLElement[] = []
    const rejects: HTMLElement[] = []
    let dropped = 0
    let event = -1
    let element = 0
    const choose = (chosen: Chosen, button: HTMLElement) => void this.#explain(chosen, button)
    for (const result of results) {
      element = result.event === event ? element + 1 : 0
      event = result.event
      if (result.kind === 'dropped') dropped++
      else if (result.kind === 'rejected') rejects.push(rejectElement(result, element, choose))
      else if (budget.values > 0) outputs.push(outputElement(result, element, budget, choose))
    }
    const written = results.filter(({ kind }) => kind === 'output').length
    if (problem !== undefined) outputs.push(make('p', { class: 'quiet' }, problem))
    else if (events === 0) outputs.push(make('p', { class: 'quiet' }, 'There are no events.'))
    const hidden = written - outputs.filter((each) => each.matches('.result')).length
    if (hidden > 0) outputs.push(make('p', { class: 'quiet' }, `${hidden} more outputs are not shown.`))
    byId('outputs').replaceChildren(...outputs)
    byId('rejects').replaceChildren(...rejects)
    byId('rejected-title').hidden = rejects.length === 0
    const counts = byId('counts')
    counts.replaceChildren(`${written} written, `)
    counts.append(rejects.length === 0 ? '0 rejected' : this.#rejectedButton(rejects.length))
    if (dropped > 0) counts.append(`, ${dropped} dropped`)
    counts.append(cut === undefined ? `, ${Math.max(1, Math.round(milliseconds))} ms` : `; ${cut}`)
    firstReachable(byId('results'))
    if (chosen !== undefined) void this.#explainAgain(chosen)
  }

  /** Leads to the rejected events, which may be far below. */
  #rejectedButton(count: number): HTMLButtonElement {
    const button = make('button', { type: 'button', class: 'bad' }, `${count} rejected`)
    button.addEventListener('click', () => {
      byId('rejected-title').scrollIntoView({ block: 'start' })
      byId('rejects').querySelector<HTMLElement>('.value')?.focus({ preventScroll: true })
    })
    return button
  }

  /** The explanation that is open stays open, and is that of the new output. */
  async #explainAgain(chosen: Chosen): Promise<void> {
    const button = [...byId('results').querySelectorAll<HTMLElement>('.value')].find(
      (each) => each.dataset.value === valueKey(chosen),
    )
    if (button === undefined) this.#panel.close()
    else await this.#explain(chosen, button, false)
  }

  get #hasErrors(): boolean {
    return this.#problems.some(({ severity }) => severity === 'error')
  }

  #chosen: Chosen | undefined

  async #explain(chosen: Chosen, from: HTMLElement, takesFocus = true): Promise<void> {
    const { event, element, path } = chosen
    const title = path?.join('.') ?? 'rejected'
    this.#chosen = chosen
    try {
      const { columns } = this.#panel
      const explanation = await this.#running.ask('explain', { event, element, path, columns })
      const why =
        path === undefined ? 'No rule has seen this text: it is no event.' : 'No rule made this value.'
      if (explanation !== undefined) this.#panel.show(explanation, from, takesFocus)
      else this.#panel.showText(title, why, from)
    } catch (error) {
      if (!(error instanceof Outdated)) this.#panel.showText(title, (error as Error).message, from)
    }
  }

  // --- files ------------------------------------------------------------------------------------------------------

  get #unsaved(): readonly OpenFile[] {
    this.#files[this.#active]!.state = this.#rules.state
    return this.#files.filter(({ state, saved }) => state.doc.toString() !== saved)
  }

  /** The names of the files without the folder that all are in. */
  get #labels(): readonly string[] {
    const names = this.#files.map(({ file }) => file.name.replaceAll('\\', '/'))
    const [first = ''] = names
    let start = first.lastIndexOf('/') + 1
    while (start > 0 && !names.every((name) => name.startsWith(first.slice(0, start)))) {
      start = first.lastIndexOf('/', start - 2) + 1
    }
    return names.map((name) => name.slice(start))
  }

  #showFiles(): void {
    const unsaved = this.#unsaved
    byId<HTMLButtonElement>('save').disabled = unsaved.length === 0
    const labels = this.#labels
    const marks = this.#files.map(({ file }, index) => ({
      label: labels[index]!,
      isBad: this.#problems.some((problem) => problem.file === file.name && problem.severity === 'error'),
      isChanged: this.#canSave && unsaved.some((each) => each.file === file),
    }))
    const isLong = this.#files.length > MOST_TABS
    byId('files').hidden = isLong
    this.#fileList.hidden = !isLong
    if (isLong) this.#showList(marks)
    else this.#showTabs(marks)
  }

  /** Of many files a list, which every browser lets keys go through. */
  #showList(marks: readonly FileMarks[]): void {
    const texts = marks.map(
      ({ label, isBad, isChanged }) => `${label}${isChanged ? ' •' : ''}${isBad ? ' (errors)' : ''}`,
    )
    const list = this.#fileList
    if (list.options.length !== texts.length) {
      list.replaceChildren(...this.#files.map(({ file }) => make('option', { title: file.name })))
    }
    for (const [index, text] of texts.entries()) {
      const option = list.options[index]!
      if (option.text !== text) option.text = text
    }
    list.classList.toggle(
      'bad',
      marks.some(({ isBad }) => isBad),
    )
    list.selectedIndex = this.#active
  }

  #showTabs(marks: readonly FileMarks[]): void {
    const tabs = byId('files')
    const buttons = this.#files.map(({ file }, index) => {
      const { label, isBad, isChanged } = marks[index]!
      const button = make(
        'button',
        {
          type: 'button',
          role: 'tab',
          class: isBad ? 'bad' : undefined,
          title: file.name,
          'aria-selected': String(index === this.#active),
          tabindex: index === this.#active ? '0' : '-1',
        },
        label,
        isChanged ? make('span', { class: 'dot', title: 'not saved' }, ' •') : undefined,
      )
      button.addEventListener('click', () => this.#show(index))
      button.addEventListener('keydown', ({ key }) => {
        const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
        const next = index + step
        if (step === 0 || next < 0 || next >= this.#files.length) return
        this.#show(next)
        tabs.querySelector<HTMLElement>('[aria-selected="true"]')?.focus()
      })
      return button
    })
    const hadFocus = tabs.contains(document.activeElement)
    tabs.replaceChildren(...buttons)
    if (hadFocus) buttons[this.#active]!.focus()
  }

  #show(index: number): void {
    if (index === this.#active) return
    this.#files[this.#active]!.state = this.#rules.state
    this.#active = index
    this.#rules.setState(this.#files[index]!.state)
    this.#markProblems()
    this.#showFiles()
  }

  #goTo(name: string, line: number, column: number): void {
    const index = this.#files.findIndex(({ file }) => file.name === name)
    if (index === -1) return
    this.#show(index)
    const text = this.#rules.state.doc.toString()
    goTo(this.#rules, offsetAt(new Lines(text), line, column))
  }

  // --- saving and sharing -----------------------------------------------------------------------------------------

  async #save(): Promise<void> {
    const unsaved = this.#unsaved
    if (unsaved.length === 0) {
      status('There is nothing to save.')
      return
    }
    const texts = new Map(unsaved.map((each) => [each, each.state.doc.toString()]))
    const files = unsaved.map(({ file: { name }, mark, lineEnd, state }) => ({
      name,
      text: mark + state.doc.toString().replaceAll('\n', lineEnd),
      version: this.#versions[name],
      force: this.#force,
    }))
    try {
      const response = await fetch('save', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-sluice-token': sessionStorage.getItem(TOKEN_KEY) ?? '',
        },
        body: JSON.stringify({ files }),
      })
      const answer = (await response.json()) as { error?: string; versions?: Record<string, string> }
      if (!response.ok) {
        this.#force = response.status === 409
        status(`Not saved: ${answer.error ?? response.statusText}.`, true)
        return
      }
      Object.assign(this.#versions, answer.versions)
      for (const [each, text] of texts) each.saved = text
      this.#force = false
      const names = unsaved.map(({ file }) => file.name.replace(/^.*[\\/]/, ''))
      status(`${names.join(', ')} saved.`)
    } catch {
      status('Not saved: the server does not answer. Is normalize playground still running?', true)
    }
    this.#showFiles()
  }

  async #share(): Promise<void> {
    const link = new URL(document.location.href)
    link.hash = await fragmentOf(this.#content())
    history.replaceState(undefined, '', link)
    try {
      await navigator.clipboard.writeText(link.href)
      status('The link is copied. It holds rules and events; no server has them.')
    } catch {
      status('The link is in the address bar. It holds rules and events; no server has them.')
    }
  }
}

function status(text: string, isBad = false): void {
  const element = byId('status')
  element.textContent = text
  element.classList.toggle('bad', isBad)
}

function notice(text: string): void {
  const element = byId('notice')
  element.textContent = text
  element.hidden = false
}

/** Light, dark, or as the system has it. */
function setUpTheme(): void {
  const root = document.documentElement
  const stored = localStorage.getItem(THEME_KEY)
  if (stored === 'light' || stored === 'dark') root.dataset.theme = stored
  byId('theme').addEventListener('click', () => {
    const isDark =
      root.dataset.theme === 'dark' ||
      (root.dataset.theme === undefined && matchMedia('(prefers-color-scheme: dark)').matches)
    root.dataset.theme = isDark ? 'light' : 'dark'
    localStorage.setItem(THEME_KEY, root.dataset.theme)
  })
}

/** The content: of the link, of the page itself, or of its server, in this order. */
async function load(): Promise<PlaygroundStart> {
  const fragment = document.location.hash.slice(1)
  const token = /^token=([\w-]+)$/.exec(fragment)?.[1]
  if (token !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, token)
    history.replaceState(undefined, '', document.location.pathname)
  }
  const shared = await contentOf(fragment)
  if (shared !== undefined) return { content: shared, versions: {}, notes: [] }
  const own = JSON.parse(byId('start').textContent ?? 'null') as PlaygroundStart | null
  if (own !== null) return own
  const known = sessionStorage.getItem(TOKEN_KEY)
  if (known === null) return { content: SAMPLE_CONTENT, versions: {}, notes: [] }
  const response = await fetch('content', { headers: { 'x-sluice-token': known } })
  const answer = (await response.json()) as PlaygroundStart & { error?: string }
  if (!response.ok) throw new Error(answer.error ?? response.statusText)
  return answer
}

setUpTheme()
let start: PlaygroundStart
try {
  start = await load()
} catch (error) {
  start = {
    content: SAMPLE_CONTENT,
    versions: {},
    notes: [`An example is shown: ${(error as Error).message}.`],
  }
}
new Playground(start)
document.documentElement.dataset.ready = 'true'
