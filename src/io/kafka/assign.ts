import type { GroupPartitionsAssigner } from '@platformatic/kafka'

/**
 * Shares the partitions of each topic among the members that read it, as evenly as can be over all topics. Members are taken in the order of
 * their ids, so that the same members get the same partitions each time.
 *
 * The client's own way gives topics to members that do not read them, which happens while processes are replaced by others
 * with another list of topics.
 */
export const assignPartitions: GroupPartitionsAssigner = (_current, members, _topics, { topics }) => {
  const readers = new Map<string, string[]>()
  const assigned = new Map<string, Map<string, { topic: string; partitions: number[] }>>()
  const counts = new Map<string, number>()
  for (const memberId of [...members.keys()].sort()) {
    assigned.set(memberId, new Map())
    counts.set(memberId, 0)
    for (const topic of members.get(memberId)!.topics ?? []) {
      const list = readers.get(topic)
      if (list === undefined) readers.set(topic, [memberId])
      else list.push(memberId)
    }
  }
  for (const topic of [...readers.keys()].sort()) {
    const list = readers.get(topic)!
    const { partitionsCount = 0 } = topics.get(topic) ?? {}
    for (let partition = 0; partition < partitionsCount; partition++) {
      const memberId = leastOf(list, counts)
      counts.set(memberId, counts.get(memberId)! + 1)
      const ofMember = assigned.get(memberId)!
      const ofTopic = ofMember.get(topic)
      if (ofTopic === undefined) ofMember.set(topic, { topic, partitions: [partition] })
      else ofTopic.partitions.push(partition)
    }
  }
  return Array.from(assigned, ([memberId, assignments]) => ({ memberId, assignments }))
}

function leastOf(memberIds: readonly string[], counts: ReadonlyMap<string, number>): string {
  let least = memberIds[0]!
  for (const memberId of memberIds) if (counts.get(memberId)! < counts.get(least)!) least = memberId
  return least
}
