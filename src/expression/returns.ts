/** The type of what a callable gives, where that does not depend on its arguments; a tuple and a set are lists here. */
export type ResultType = 'text' | 'number' | 'boolean' | 'list' | 'object' | 'iterator' | 'any'

/** A type, with `?` behind the name where the callable may find nothing: its result is then `undefined`, absence. */
export type Returns = ResultType | `${ResultType}?`

export function mayBeAbsent(returns: Returns): boolean {
  return returns.endsWith('?')
}

export function resultType(returns: Returns): ResultType {
  return returns.replace('?', '') as ResultType
}
