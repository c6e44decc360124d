/** The messages between the page and its workers. */
import type { Completions, Hover } from '../editor/index.ts'
import type { PlaygroundContent } from './content.ts'
import type { Explanation } from './explanation.ts'
import type { PlacedProblem, TrialRun } from './trial.ts'

/** The questions of the page, each with what it brings and what is answered. */
export interface Questions {
  /** Everything that is wrong with the rules. */
  check: { readonly ask: object; readonly answer: readonly PlacedProblem[] }
  run: { readonly ask: object; readonly answer: TrialRun }
  complete: { readonly ask: { readonly file: string; readonly offset: number }; readonly answer: Completions }
  hover: {
    readonly ask: { readonly file: string; readonly offset: number }
    readonly answer: Hover | undefined
  }
  explain: {
    readonly ask: {
      readonly event: number
      readonly element: number
      readonly path: readonly string[] | undefined
      /** Characters that a line has room for. */
      readonly columns: number
    }
    readonly answer: Explanation | undefined
  }
}

export type QuestionKind = keyof Questions

/** From the page: other content, or a question about the content that the worker has. */
export type ToWorker =
  | { readonly kind: 'content'; readonly content: PlaygroundContent }
  | { readonly kind: 'question'; readonly id: number; readonly about: QuestionKind; readonly ask: unknown }

/** From a worker. `progress`: it is working, and begins with this event. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly id: number; readonly event: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
