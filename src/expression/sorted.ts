/** The index of the last of these numbers, which grow, that is at most `value`; 0 where none is. */
export function lastAtMost(numbers: ArrayLike<number>, value: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (numbers[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}
