// PouchDB's own server as its documentation sets it up: express, LevelDB in one folder.
const [, , port, folder] = process.argv
const express = require('express')
const PouchDB = require('pouchdb').defaults({ prefix: folder + '/' })
const app = express()
app.use('/', require('express-pouchdb')(PouchDB, { logPath: folder + '/log.txt', inMemoryConfig: true }))
app.listen(Number(port), '127.0.0.1', () => console.log('ready'))
