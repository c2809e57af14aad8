/**
 * Pages of rows as lines of JSON. A page is asked for when the client has taken the one before, and no more when the
 * client is gone. `failed` is told of an error in the middle, and has to break the connection: a clean end would look like
 * all of it, and the adapter ends streams that fail in just that way. It answers whether there was one to break.
 */
export function streamLines<Row>(
  pages: AsyncIterator<readonly Row[]>,
  toWire: (row: Row) => unknown,
  failed: (error: unknown) => boolean,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const page = await pages.next()
          if (page.done === true) return controller.close()
          controller.enqueue(
            encoder.encode(page.value.map((row) => `${JSON.stringify(toWire(row))}\n`).join('')),
          )
        } catch (error) {
          if (!failed(error)) controller.error(error)
        }
      },
      cancel: async () => void (await pages.return?.()),
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  )
}
