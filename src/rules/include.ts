/** Rule files with the files that they include. */
import type { Problem } from '../expression/diagnostic.ts'
import { loadRuleFile, type RuleFile } from './load.ts'

/** A file's text, and its name in messages. */
interface NamedText {
  readonly text: string
  readonly file: string
}

/** Gives the texts of files that are included, each once. Rule sets that share it share the files as they were read. */
export class IncludedFiles {
  readonly #texts: Map<string, string>
  readonly #read: ((file: string) => string) | undefined
  readonly #loaded = new Map<string, RuleFile>()

  /**
   * @param files texts that are at hand
   * @param read gives the text of any other file, or throws an error whose message says why there is none
   */
  constructor(files: readonly NamedText[] = [], read?: (file: string) => string) {
    this.#texts = new Map(files.map(({ file, text }) => [file, text]))
    this.#read = read
  }

  /** The text of a file. @throws {Error} the reason why there is none */
  text(file: string): string {
    let text = this.#texts.get(file)
    if (text === undefined) {
      if (this.#read === undefined) throw new Error('its text was not given')
      text = this.#read(file)
      this.#texts.set(file, text)
    }
    return text
  }

  /** @throws {Error} the reason why there is none */
  load(file: string): RuleFile {
    let loaded = this.#loaded.get(file)
    if (loaded === undefined) {
      loaded = loadRuleFile(this.text(file), file, true)
      this.#loaded.set(file, loaded)
    }
    return loaded
  }
}

/** A rule file with all files that it includes. */
export interface LoadedFiles {
  /** In the order in which they apply; the rule file itself is the last one. */
  readonly files: readonly RuleFile[]
  /** Their texts by name. */
  readonly texts: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Loads a rule file and everything that it includes. A file that several others include is there once. */
export function loadWithIncludes(text: string, file: string, included: IncludedFiles): LoadedFiles {
  const files: RuleFile[] = []
  const texts = new Map([[file, text]])
  const problems: Problem[] = []
  const visit = (current: RuleFile, way: readonly string[]): void => {
    for (const { path, place } of current.includes) {
      const target = beside(current.file, path)
      const report = (message: string, hint?: string): void => {
        problems.push({
          message,
          ...(hint !== undefined && { hint }),
          field: 'include',
          file: current.file,
          ...place,
          severity: 'error',
        })
      }
      if (way.includes(target)) {
        const circle = [...way.slice(way.indexOf(target)), target].join(' -> ')
        report(`files include each other in a circle: ${circle}`, 'put what both need into a third file')
        continue
      }
      if (texts.has(target)) continue
      try {
        const loaded = included.load(target)
        texts.set(target, included.text(target))
        visit(loaded, [...way, target])
      } catch (error) {
        report(`cannot read ${target}: ${(error as Error).message}`)
      }
    }
    for (const [name, place] of current === main ? [] : current.own) {
      problems.push({
        message: `'${name}' belongs to a rule set as a whole, and ${current.file} is included`,
        hint: `write it in ${way[0]}`,
        field: name,
        file: current.file,
        ...place,
        severity: 'error',
      })
    }
    files.push(current)
  }
  const main = loadRuleFile(text, file)
  visit(main, [file])
  return { files, texts, problems: [...files.flatMap((each) => each.problems), ...problems] }
}

/**
 * The name of a file whose path is relative to another file.
 *
 *     beside('rules/cisco/asa.yaml', '../shared/syslog.yaml')        // 'rules/shared/syslog.yaml'
 */
export function beside(file: string, path: string): string {
  const slashed = path.replaceAll('\\', '/')
  if (/^(?:\/|[A-Za-z]:\/)/.test(slashed)) return normalized(slashed)
  const folder = file.replaceAll('\\', '/').replace(/[^/]*$/, '')
  return normalized(folder + slashed)
}

function normalized(path: string): string {
  const steps: string[] = []
  const isAbsolute = path.startsWith('/')
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue
    if (step === '..' && steps.length > 0 && steps.at(-1) !== '..') steps.pop()
    else if (step !== '..' || !isAbsolute) steps.push(step)
  }
  return (isAbsolute ? '/' : '') + steps.join('/')
}
