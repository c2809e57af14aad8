/*
 * `node --import` of this module sets the clock on the wall of a process wrong by CLOCK_SHIFT_MS, as a machine without
 * time service has it. The monotonic clock and all timers go on as they are.
 */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS)
if (!Number.isSafeInteger(shiftMs)) throw new Error('CLOCK_SHIFT_MS says by how many milliseconds')

const RealDate = Date
const shiftedNow = () => RealDate.now() + shiftMs
const ShiftedDate = new Proxy(RealDate, {
  construct: (target, given, self) =>
    Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given, self),
  apply: () => new ShiftedDate().toString(),
  get: (target, name) => (name === 'now' ? shiftedNow : Reflect.get(target, name)),
})
RealDate.prototype.constructor = ShiftedDate
globalThis.Date = ShiftedDate
