// Finds the differences between what two servers made of the same bytes.

const classOf = ({ status }) => Math.floor(status / 100)

function servedDifferences(ours, theirs) {
  const differs = (what) =>
    JSON.stringify(ours.request[what]) !== JSON.stringify(theirs.request[what])
  const found = ['method', 'version', 'cookie', 'headers'].filter(differs)
  // Where target and Host name nothing, any URL will do that can be parsed.
  if (theirs.request.url === null ? !URL.canParse(ours.request.url) : differs('url')) {
    found.push('url')
  }
  if (ours.isAnswered !== theirs.isAnswered) return [...found, 'answer']
  return differs('body') ? [...found, 'body'] : found
}

function stepDifferences(ours, theirs) {
  if (ours.kind !== theirs.kind) return ['outcome']
  if (ours.kind === 'served') return servedDifferences(ours, theirs)
  if (ours.kind === 'refused' && classOf(ours) !== classOf(theirs)) return ['status class']
  return []
}

const NOTHING = { kind: 'nothing' }

/**
 * Everything in which two outcomes differ, up to the first request that only one of them took:
 * behind it they read different messages.
 */
export function differencesOf(text, ours, theirs) {
  const found = []
  const note = (what, at) => {
    const [left, right] = [ours.steps[at] ?? NOTHING, theirs.steps[at] ?? NOTHING]
    found.push({
      what,
      text,
      at,
      ours: left,
      theirs: right,
      ourSteps: ours.steps,
      theirSteps: theirs.steps,
    })
  }
  const count = Math.max(ours.steps.length, theirs.steps.length)
  for (let at = 0; at < count; at++) {
    const whats = stepDifferences(ours.steps[at] ?? NOTHING, theirs.steps[at] ?? NOTHING)
    for (const what of whats) note(what, at)
    if (whats.includes('outcome')) return found
  }
  const [left, right] = [ours.answers.at(-1)?.closes, theirs.answers.at(-1)?.closes]
  if (left !== right && found.every(({ at }) => at < count - 1)) note('announced', count - 1)
  return found
}
