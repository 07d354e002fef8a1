// Ends a program whose parent has died, however it died: started with these flags and a channel
// for messages (`stdio: [..., 'ipc']`), it hears of that by the channel's end. Otherwise servers
// that a killed test or benchmark had started would run for ever.

/** Flags for node. */
export const endsWithParent = ['--import', import.meta.url]

// In the parent, and in worker threads, there is no channel.
if (process.channel) {
  process.on('disconnect', () => process.exit())
  // It is not what the program is kept alive by.
  process.channel.unref()
}
