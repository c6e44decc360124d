/**
 * bench/RESULTS.md: a section for each version of Node, and in it a part for each bench with the day, the machine and the
 * table of its last run. A run replaces the parts of the benches that it ran. The pictures beside it are drawn from these
 * tables, so that they show the figures of all parts, whenever those were taken.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, platform } from 'node:os'
import { join } from 'node:path'
import { plotRatios, plotTimes } from './plot.ts'
import { type Row, readTable, table } from './rows.ts'

const HEAD = `# Results

Written by \`npm run bench\`: a section for each version of Node, and in it a part for each bench, with the day of its last run; the others are
left as they are. Figures are medians of runs in turn, the spread is from the least to the greatest reading; where processor time was
taken, the spread and the verdict are those of it. \`x\` is how many times the throughput of the other side ours is, pair by pair.
The measured thing, and the way, stand at the head of each bench.
`

/** Name of a bench, and its part: a line that says when and where, and a table. */
type Parts = Map<string, string>

/** Keeps the results of a run. */
export class Results {
  readonly #folder: string
  readonly #order: readonly string[]
  /** Which section: `Node 20` and its like. */
  readonly #node = `Node ${process.versions.node.split('.')[0]}`
  readonly #sections: Map<string, Parts>

  /**
   * @param folder where RESULTS.md and its pictures are
   * @param order names of all benches, as they follow one another
   */
  constructor(folder: string, order: readonly string[]) {
    this.#folder = folder
    this.#order = order
    const file = join(folder, 'RESULTS.md')
    this.#sections = readSections(existsSync(file) ? readFileSync(file, 'utf8') : '')
  }

  /**
   * Writes the part of one bench, and draws the pictures of its version of Node again.
   *
   * @param loadBefore how busy the machine was with other work: 0 is idle, more than its cores spoils the figures
   */
  write(bench: string, rows: readonly Row[], loadBefore: number): void {
    const parts: Parts = this.#sections.get(this.#node) ?? new Map()
    this.#sections.set(this.#node, parts)
    parts.set(bench, `${machine(loadBefore)}\n\n${table(rows).trimEnd()}`)
    const sections = [...this.#sections]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([node, each]) => [`## ${node}`, ...this.#draw(node, each), ...this.#inOrder(each)].join('\n\n'))
    writeFileSync(join(this.#folder, 'RESULTS.md'), `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`)
  }

  #inOrder(parts: Parts): string[] {
    const rank = (name: string) => (this.#order.includes(name) ? this.#order.indexOf(name) : Infinity)
    return [...parts]
      .sort(([one], [other]) => rank(one) - rank(other))
      .map(([name, text]) => `### ${name}\n\n${text}`)
  }

  /** @returns the lines of Markdown that show the pictures */
  #draw(node: string, parts: Parts): string[] {
    const rows = [...parts.values()].flatMap(readTable)
    const suffix = `${node.toLowerCase().replace(' ', '-')}.svg`
    const pictures = [
      ['processor time of an event', `times-${suffix}`, plotTimes(rows, node)],
      ['ratios', `plot-${suffix}`, plotRatios(rows, node)],
    ] as const
    return pictures.flatMap(([what, file, picture]) => {
      if (picture === undefined) return []
      writeFileSync(join(this.#folder, file), picture)
      return [`![${what}](${file})`]
    })
  }
}

function machine(load: number): string {
  const date = new Date().toISOString().slice(0, 10)
  const { model } = cpus()[0]!
  return `${date}, Node ${process.version}, ${cpus().length} x ${model.trim()}, ${platform()}, load ${load.toFixed(1)}.`
}

function readSections(text: string): Map<string, Parts> {
  return new Map(
    cut(text, '## ').map(([node, section]): [string, Parts] => [node, new Map(cut(section, '### '))]),
  )
}

/** @returns headings of one level, and the text below each */
function cut(text: string, mark: string): [string, string][] {
  return text
    .split(new RegExp(`^(?=${mark})`, 'm'))
    .filter((part) => part.startsWith(mark))
    .map((part) => {
      const end = part.indexOf('\n')
      return [part.slice(mark.length, end), part.slice(end).trim()]
    })
}
