import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'

/**
 * Returns the processor time in seconds of this process and of those children that have ended; without /proc, of this
 * process alone.
 */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  const own = (user + system) / 1e6
  if (!existsSync('/proc/self/stat')) return own
  // proc(5): the fields after the name in brackets; `cutime` and `cstime` are the 16th and 17th of all, in ticks of 10 ms.
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return own + (Number(fields[13]) + Number(fields[14])) / 100
}
