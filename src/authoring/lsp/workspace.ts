/** The files beside a document: tables, files that are included, samples. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ANY_DATABASE } from '../../expression/net/address-database.ts'
import type { EditedDocument, Sample } from '../editor/index.ts'
import { formatOf, kindOf, NO_SAMPLE, sampleOfFile } from '../editor/index.ts'

/** Tables that are used without being asked for, as `normalize` does. */
const LOOKUPS = 'lookups.yaml'

/** So much of a sample is read. */
const MAX_SAMPLE_BYTES = 1 << 20

/** Files of one folder that are looked at for one that includes another. */
const MAX_NEIGHBOURS = 100

export class Workspace {
  #openText: (file: string) => string | undefined = () => undefined
  /** Samples by the rule file; forgotten when a file is saved. */
  readonly #samples = new Map<string, Sample>()

  /** @param openText the text of a file as it is in the editor; undefined: it is not open */
  useOpen(openText: (file: string) => string | undefined): void {
    this.#openText = openText
  }

  uriOf(file: string): string {
    return pathToFileURL(file).href.replace(/^file:\/\/\/[A-Z]:/, (drive) => drive.toLowerCase())
  }

  /** A URI as this program writes it: editors write `file:///c%3A/x` as well as `file:///C:/x`. */
  keyOf(uri: string): string {
    const file = pathOf(uri)
    return file === undefined ? uri : this.uriOf(file)
  }

  /** The text of a file as it is in the editor, else on the disk; undefined where it cannot be read. */
  read(file: string): string | undefined {
    const open = this.#openText(file)
    if (open !== undefined) return open
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    } catch {
      return undefined
    }
  }

  /** The document of that URI with everything that belongs to it; undefined for a URI that is no file's. */
  document(uri: string, text: string): EditedDocument | undefined {
    const file = pathOf(uri)
    if (file === undefined) return undefined
    const tables = join(dirname(file), LOOKUPS)
    const tablesText = basename(file) === LOOKUPS ? undefined : this.read(tables)
    const kind = kindOf(file, text)
    return {
      kind: kind === 'rules' && this.#isIncluded(file) ? 'included' : kind,
      file: file.replaceAll('\\', '/'),
      text,
      lookups: tablesText === undefined ? [] : [{ file: tables.replaceAll('\\', '/'), text: tablesText }],
      readFile: (path) => {
        const included = this.read(path)
        if (included === undefined) throw new Error('there is no such file, or it is not UTF-8')
        return included
      },
      exists: (path) => this.#openText(path) !== undefined || existsSync(path),
      // An editor does not know the databases that rules will be given, and says nothing of them.
      compiler: { databases: [ANY_DATABASE] },
      sample: kind === 'rules' || kind === 'included' ? this.#sampleFor(file) : NO_SAMPLE,
    }
  }

  /** Files have changed: samples are read again. */
  forget(): void {
    this.#samples.clear()
  }

  #sampleFor(file: string): Sample {
    let sample = this.#samples.get(file)
    if (sample === undefined) {
      const source = sampleFile(file)
      sample =
        source === undefined
          ? NO_SAMPLE
          : sampleOfFile(source, readStart(source), { inputFormat: formatOf(source) })
      this.#samples.set(file, sample)
    }
    return sample
  }

  /** A file without an output field that a file beside it includes is no rule set, though its name does not say so. */
  #isIncluded(file: string): boolean {
    const name = basename(file)
    const folder = dirname(file)
    let entries: string[]
    try {
      entries = readdirSync(folder).slice(0, MAX_NEIGHBOURS)
    } catch {
      return false
    }
    return entries.some((entry) => {
      if (!/\.ya?ml$/i.test(entry) || entry === name) return false
      const text = this.read(join(folder, entry)) ?? ''
      const include = /^include[ \t]*:(.*(?:\r?\n[ \t-].*)*)/m.exec(text)?.[1]
      return include?.includes(name) === true
    })
  }
}

/** The path of a file's URI; undefined for other URIs. */
function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined
  } catch {
    return undefined
  }
}

/**
 * The sample that belongs to a rule file: the cases of `x.test.yaml` beside `x.yaml`, or the input of its golden folder
 * (`input.jsonl`, `input.log` ...).
 */
export function sampleFile(rules: string): string | undefined {
  const folder = dirname(rules)
  const stem = basename(rules).replace(/\.ya?ml$/i, '')
  const tests = [`${stem}.test.yaml`, `${stem}.test.yml`].map((name) => join(folder, name))
  const found = tests.find((path) => existsSync(path))
  if (found !== undefined) return found
  try {
    const input = readdirSync(folder).find((name) => /^input\.(?:jsonl|ndjson|json|csv|log|txt)$/i.test(name))
    return input === undefined ? undefined : join(folder, input)
  } catch {
    return undefined
  }
}

/** The beginning of a file, up to its last whole line where it is longer than 1 MiB. */
export function readStart(path: string, maxBytes = MAX_SAMPLE_BYTES): string {
  const bytes = readFileSync(path)
  if (bytes.length <= maxBytes) return bytes.toString('utf8')
  const start = bytes.subarray(0, maxBytes)
  return start.subarray(0, start.lastIndexOf(0x0a) + 1).toString('utf8')
}
