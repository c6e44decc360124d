import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import { CommandError } from './exit-codes.ts'
import { filesOf, labelOf, loadRules, type RuleFiles } from './rule-files.ts'
import { watchFiles } from './watch.ts'

interface ReloadTarget {
  /** Uses other rules from now on. @throws {TypeError} when they cannot take the place of those before */
  use(rules: RuleSet | RoutedRules): void
  /** Tells the operator, in whole lines. */
  say(text: string): void
}

/** Loads rules again when one of their files changes, or when it is told to. Rules that cannot be used change nothing, but are reported. */
export class RuleReloader {
  /** Reloads by their results. */
  readonly counts = { ok: 0, failed: 0 }
  readonly #files: RuleFiles
  readonly #target: ReloadTarget
  #isOver = false
  // One after the other: else what was read first might win.
  #last = Promise.resolve()
  #watched = ''
  #unwatch = (): void => {}

  /**
   * @param rules those in use: every file that they were made from is watched, and those of later rules likewise
   */
  constructor(files: RuleFiles, rules: RuleSet | RoutedRules, target: ReloadTarget) {
    this.#files = files
    this.#target = target
    this.#watch(filesOf(rules))
  }

  /** Loads the rules, after all that was asked for before. */
  reload(): void {
    this.#last = this.#last.then(() => this.#reload())
  }

  /** Nothing is loaded any more, and what is loaded now is not used. */
  end(): void {
    this.#isOver = true
    this.#unwatch()
  }

  async #reload(): Promise<void> {
    const label = labelOf(this.#files)
    try {
      const rules = await loadRules(this.#files)
      if (this.#isOver) return
      this.#target.use(rules)
      this.counts.ok++
      this.#watch(filesOf(rules))
      this.#target.say(`${rules.warningText}${label}: reloaded\n`)
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof TypeError)) throw error
      if (this.#isOver) return
      this.counts.failed++
      this.#target.say(`${error.message.trimEnd()}\n${label}: not reloaded, the rules stay as they were\n`)
    }
  }

  #watch(files: readonly string[]): void {
    const names = files.join('\n')
    if (names === this.#watched) return
    this.#watched = names
    this.#unwatch()
    this.#unwatch = watchFiles(files, () => this.reload())
  }
}
