// All attacks, in the order of the table.
import { bodyLimit, garbage } from './bytes.mjs'
import { fewFiles, halfCloses, killedClients, oneRequestEach, resets } from './leavers.mjs'
import { halfHeads, idle } from './memory.mjs'
import { answersTwice, bodyFails, closes, hanging, late, rejecting, throwing } from './programs.mjs'
import {
  fastUploads,
  pipelinedUnread,
  slowBodies,
  slowHeads,
  slowReadersOfBytes,
  slowReadersOfStreams,
} from './slow.mjs'
import { blockedLoop, clockJumps } from './time.mjs'

export const attacks = [
  ...[idle, halfHeads, slowHeads, slowBodies, slowReadersOfBytes, slowReadersOfStreams],
  ...[pipelinedUnread, fastUploads, resets, halfCloses, oneRequestEach, fewFiles, killedClients],
  ...[garbage, bodyLimit, throwing, rejecting, bodyFails, answersTwice, hanging, late, closes],
  ...[blockedLoop, clockJumps],
]
