/*
 * The way in to compiled feeds: lmdb is native code, and is loaded when there is something for it.
 */
import type { CompileFeedsOptions } from './compile.ts'
import type { CompiledFeed, OpenOptions } from './compiled-feed.ts'
import type { CompiledHeader } from './file-format.ts'

/** See `compile.ts`. */
export async function compileFeeds(options: CompileFeedsOptions): Promise<CompiledHeader> {
  const compile = await import('./compile.ts')
  return await compile.compileFeeds(options)
}

/** See `compiled-feed.ts`. */
export async function openCompiledFeed(
  file: string,
  signal?: AbortSignal,
  options?: OpenOptions,
): Promise<CompiledFeed> {
  const compiledFeed = await import('./compiled-feed.ts')
  return await compiledFeed.openCompiledFeed(file, signal, options)
}
