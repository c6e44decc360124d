/** The two editors of the page: CodeMirror, with what the workers know. */
import {
  acceptCompletion,
  autocompletion,
  type Completion as Choice,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { type Diagnostic, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension, StateEffect, StateField } from '@codemirror/state'
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  MatchDecorator,
  showTooltip,
  type Tooltip,
  ViewPlugin,
} from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import type { Completion, CompletionKind, Completions, Hover } from '../../editor/index.ts'
import type { PlacedProblem } from '../trial.ts'
import { make } from './dom.ts'
import { markdownElement } from './markdown.ts'

/** The answers that an editor of rules needs. They may come late, or not at all. */
export interface Advice {
  complete(offset: number): Promise<Completions | undefined>
  hover(offset: number): Promise<Hover | undefined>
}

const CHOICE_TYPES: Readonly<Record<CompletionKind, string>> = {
  function: 'function',
  builtin: 'function',
  method: 'method',
  field: 'property',
  variable: 'variable',
  table: 'constant',
  pattern: 'constant',
  keyword: 'keyword',
  key: 'property',
  value: 'enum',
}

/** The extensions that both editors have. */
function common(nonce: string): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    indentUnit.of('  '),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    syntaxHighlighting(classHighlighter),
    // Tab moves on to the next part of the page: nobody is caught in an editor.
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
    ]),
  ]
}

/** Calls and texts inside of expressions, which are plain texts to YAML. */
const EXPRESSION_MARKS = markedBy(/\b[a-z_]\w*(?=\()|'(?:[^'\\\n]|\\.)*'/g, (text) =>
  Decoration.mark({ class: text.startsWith("'") ? 'tok-text' : 'tok-call' }),
)

function markedBy(regexp: RegExp, decorationOf: (text: string) => Decoration): Extension {
  const decorator = new MatchDecorator({ regexp, decoration: ([text]) => decorationOf(text) })
  return ViewPlugin.define(
    (view) => ({
      decorations: decorator.createDeco(view),
      update(update) {
        this.decorations = decorator.updateDeco(update, this.decorations)
      },
    }),
    { decorations: ({ decorations }) => decorations },
  )
}

export function rulesState(
  text: string,
  nonce: string,
  label: string,
  advice: Advice,
  changed: () => void,
): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      common(nonce),
      foldGutter(),
      yaml(),
      EXPRESSION_MARKS,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      autocompletion({ override: [(context) => choices(context, advice)], activateOnTypingDelay: 60 }),
      keymap.of([
        { key: 'Enter', run: acceptCompletion },
        { key: 'F1', run: (view) => showHelp(view, advice), preventDefault: true },
        { key: 'Escape', run: hideHelp },
      ]),
      help,
      hoverTooltip(
        async (_view, position) => {
          const found = await advice.hover(position)
          return found === undefined ? null : tooltipOf(found)
        },
        { hoverTime: 250 },
      ),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed()
      }),
    ],
  })
}

export function eventsState(text: string, nonce: string, changed: () => void): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      common(nonce),
      json(),
      EditorView.editorAttributes.of({ class: 'cm-events' }),
      EditorView.contentAttributes.of({ 'aria-label': 'Events' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed()
      }),
    ],
  })
}

/** Underlines problems. Offsets behind the end of the text, which may have changed since, are left out. */
export function showProblems(view: EditorView, problems: readonly PlacedProblem[]): void {
  const { length } = view.state.doc
  const diagnostics = problems
    .filter(({ start }) => start <= length)
    .map(({ start, end, severity, message, hint }): Diagnostic => {
      // A problem of the whole file has no extent of its own.
      const to = Math.min(Math.max(end, start), length)
      return {
        from: start,
        to,
        severity,
        message: hint === undefined ? message : `${message}\n${hint}`,
        renderMessage: () =>
          make('div', {}, message, hint === undefined ? undefined : make('div', { class: 'hint' }, hint)),
      }
    })
  view.dispatch(setDiagnostics(view.state, diagnostics))
}

async function choices(context: CompletionContext, advice: Advice): Promise<CompletionResult | null> {
  const before = context.matchBefore(/[\w.@%{]+$/)
  const opensText = context.matchBefore(/['"]\w*$/) !== null
  if (!context.explicit && before === null && !opensText) return null
  const found = await advice.complete(context.pos)
  if (found === undefined || found.items.length === 0 || context.aborted) return null
  const { start, items } = found
  return {
    from: start,
    to: context.pos,
    options: items.map((item, index) => choiceOf(item, items.length - index)),
    validFor: /^[\w@]*$/,
  }
}

function choiceOf({ label, kind, insert, detail, documentation }: Completion, rank: number): Choice {
  return {
    label,
    detail: detail.length > 48 ? `${detail.slice(0, 48)}…` : detail,
    type: CHOICE_TYPES[kind],
    // Of choices that match equally well the first goes first.
    boost: Math.min(99, rank / 10) - 50 + (kind === 'field' || kind === 'table' ? 20 : 0),
    apply: (view, _choice, from, to) => {
      const isCall = insert.endsWith('()')
      const cursor = from + insert.length - (isCall ? 1 : 0)
      view.dispatch({
        changes: { from, to, insert },
        selection: { anchor: cursor },
        userEvent: 'input.complete',
      })
    },
    ...(documentation !== undefined && { info: () => markdownElement(documentation) }),
  }
}

function tooltipOf({ start, end, text }: Hover): Tooltip {
  return { pos: start, end, above: true, create: () => ({ dom: markdownElement(text) }) }
}

const setHelp = StateEffect.define<Tooltip | null>()

/** The tooltip that F1 shows at the cursor: what the pointer would show. */
const help = StateField.define<Tooltip | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setHelp)) return effect.value
    return transaction.docChanged || transaction.selection !== undefined ? null : value
  },
  provide: (field) => showTooltip.from(field),
})

function showHelp(view: EditorView, advice: Advice): boolean {
  void advice.hover(view.state.selection.main.head).then((found) => {
    view.dispatch({ effects: setHelp.of(found === undefined ? null : tooltipOf(found)) })
  })
  return true
}

function hideHelp(view: EditorView): boolean {
  if (view.state.field(help) === null) return false
  view.dispatch({ effects: setHelp.of(null) })
  return true
}

/** Puts the cursor to a place, and the place to where it is seen. */
export function goTo(view: EditorView, offset: number): void {
  const anchor = Math.min(offset, view.state.doc.length)
  view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
  view.focus()
}
