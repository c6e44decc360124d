import type { Command } from 'commander'
export async function checkKafka(_command: Command): Promise<number> {
  return 0
}
