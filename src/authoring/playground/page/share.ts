/** The link that holds everything: the content, deflated, in the fragment, which a browser sends to no server. */
import type { PlaygroundContent } from '../content.ts'
import { readContent } from '../content.ts'

/** A link unpacks to at most so many bytes. */
const MAX_BYTES = 16 << 20

const PREFIX = 's1='

export async function fragmentOf(content: PlaygroundContent): Promise<string> {
  const stream = new Blob([JSON.stringify(content)])
    .stream()
    .pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  let binary = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return PREFIX + btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * The content of a fragment.
 *
 * @param fragment without the `#`
 * @returns undefined where it holds none
 * @throws {Error} when it is damaged
 */
export async function contentOf(fragment: string): Promise<PlaygroundContent | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined
  const damaged = new Error('the link is damaged: a part of it may be missing')
  try {
    const binary = atob(fragment.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
    const content = readContent(JSON.parse(await textOf(stream)))
    if (content === undefined) throw damaged
    return content
  } catch (error) {
    throw new Error(damaged.message, { cause: error })
  }
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  let text = ''
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length
    if (length > MAX_BYTES) throw new Error('the link holds too much')
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}
