/** Options that people know from other commands, and those of `normalize` that stand for them. */
const FAMILIAR: ReadonlyMap<string, string> = new Map([
  ...['--input', '--in', '--infile', '--file', '--files', '--from', '-i', '-f'].map(
    hint('inputs are given without an option: normalize --rules FILE INPUT...'),
  ),
  ...['--rule', '--config', '--conf', '-c'].map(hint('the rule file is given with --rules FILE')),
  ...['--out', '--outfile', '--to'].map(
    hint('normalized events go to the file of --output FILE, or to standard output'),
  ),
  ...['--error', '--stderr', '--rejected', '--dead-letter'].map(
    hint('rejected events go to the file of --errors FILE, or to standard error'),
  ),
  ...['--format', '--json', '--jsonl', '--ndjson', '--type'].map(
    hint('the format of the input is given with --input-format jsonl, json, text or csv'),
  ),
  ...['--tables', '--lookup', '--table'].map(hint('lookup tables are given with --lookups FILE')),
  ...['--threads', '--jobs', '-j', '--parallel'].map(hint('threads are given with --workers N')),
])

function hint(text: string): (option: string) => [string, string] {
  return (option) => [option, text]
}

/**
 * The report of a wrong use as commander words it. For an option of another command its guess by the letters (`--input`:
 * did you mean `--output`?) gives way to what is known of it.
 */
export function withOptionHint(report: string): string {
  const unknown = /^error: unknown option '(--?[\w-]+)(?:=[^']*)?'/.exec(report)
  const known = unknown && FAMILIAR.get(unknown[1]!)
  return known ? `${unknown[0]}\n(${known})\n` : report
}
