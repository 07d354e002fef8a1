// All attacks, in the order of the table.
import { bodyLimit, garbage } from './bytes.mjs'
import { callsInStates } from './calls.mjs'
import { fewFiles, halfCloses, killedClients, oneRequestEach, resets } from './leavers.mjs'
import { halfHeads, idle } from './memory.mjs'
import { answersTwice, bodyFails, closes, hanging, late, rejecting, throwing } from './programs.mjs'
import {
  fastUploads,
  haltedBodies,
  haltedReadersOfBytes,
  haltedReadersOfMade,
  haltedReadersOfStreams,
  pipelinedUnread,
  slowBodies,
  slowHeads,
  slowReaders,
} from './slow.mjs'
import { blockedLoop, clockJumps } from './time.mjs'

export const attacks = [
  ...[idle, halfHeads, slowHeads, slowBodies, haltedBodies, slowReaders],
  ...[haltedReadersOfBytes, haltedReadersOfMade, haltedReadersOfStreams],
  ...[pipelinedUnread, fastUploads, resets, halfCloses, oneRequestEach, fewFiles, killedClients],
  ...[garbage, bodyLimit, throwing, rejecting, bodyFails, answersTwice, hanging, late, closes],
  ...[callsInStates, blockedLoop, clockJumps],
]
