// The same work as ours: first load, edits made offline, their push, and a sync with nothing to do.
const [, , url, folder, patients, edits, idle, bytes] = process.argv
const PouchDB = require('pouchdb').defaults({ prefix: folder + '/' })
const BATCH = { batch_size: 500 }

const seconds = async (work) => {
  const began = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - began) / 1e9
}

const invented = (number) => ({
  _id: String(number).padStart(8, '0'),
  family_name: `Doe ${number}`,
  given_name: 'Ana',
  record_number: `R-${number}`,
  allergies: 'none known '.repeat(Number(bytes)).slice(0, Number(bytes) - 130),
})

const main = async () => {
  const far = new PouchDB(`${url}/records`)
  for (let first = 0; first < Number(patients); first += 500) {
    const count = Math.min(500, Number(patients) - first)
    await far.bulkDocs(Array.from({ length: count }, (_, n) => invented(first + n)))
  }
  const near = new PouchDB('near')
  const load = await seconds(() => near.replicate.from(far, BATCH))
  const loaded = (await near.info()).doc_count
  const found = (await near.allDocs({ include_docs: true, limit: Number(edits) })).rows
  const docs = found.map((row) => row.doc).filter((doc) => !doc._id.startsWith('_'))
  await near.bulkDocs(docs.map((doc) => ({ ...doc, title: 'Mrs' })))
  const push = await seconds(() => near.replicate.to(far, BATCH))
  await near.replicate.from(far, BATCH)
  const rounds = []
  for (let n = 0; n < Number(idle); n += 1) {
    rounds.push(await seconds(() => near.sync(far, BATCH)))
  }
  const version = require('pouchdb/package.json').version
  console.log(JSON.stringify({ load, loaded, push, pushed: docs.length, rounds, version }))
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })
