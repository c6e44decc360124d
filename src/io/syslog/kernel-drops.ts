import { readFile } from 'node:fs/promises'

/**
 * Datagrams that the system has thrown away because the buffer of a socket was full. Only Linux tells.
 *
 *     sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 *     0: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1234 2 0000000000000000 17
 *
 * @param port local port of the socket
 * @returns 0 where the system does not tell
 */
export async function kernelDrops(port: number): Promise<number> {
  let drops = 0
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    const text = await readFile(file, 'latin1').catch(() => '')
    drops += dropsIn(text, port)
  }
  return drops
}

/** The drops of all sockets of a port in such a table. */
export function dropsIn(table: string, port: number): number {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let drops = 0
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[1]?.endsWith(ending) === true) drops += Number(columns.at(-1)) || 0
  }
  return drops
}
