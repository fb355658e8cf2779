// autobahn-js against a running router: every transport and serializer of the client, every scenario.
//
//     node run.js CLIENT ROUTER.json RESULT.json [WORD ...]
//
// CLIENT is the folder with the node_modules of one version of autobahn. ROUTER.json says where the router listens,
// RESULT.json is written. Words pick the ways and scenarios that contain one.
'use strict';

const path = require('path');

const [client, routerFile, resultFile, ...words] = process.argv.slice(2);

// Autobahn reports every closed connection; a run closes thousands on purpose.
console.warn = console.log = console.error = () => {};
const autobahn = require(path.resolve(client, 'node_modules/autobahn'));
const { version } = require(path.resolve(client, 'node_modules/autobahn/package.json'));

const { Ground, NotHere, Router } = require('./ground');
const { Report } = require('./report');
const { ALONE, BETWEEN } = require('./scenarios');

const SCENARIO_SECONDS = 20;
const RUN_SECONDS = 600;

const spelling = (door) => door.split('/')[1];

// Each door with itself, then with the next one for each other serializer.
function* ways(router) {
   const doors = router.doors();
   for (const door of doors) {
      yield [door, door, door, ALONE];
   }
   for (const [number, here] of doors.entries()) {
      const next = [...doors.slice(number + 1), ...doors.slice(0, number)];
      for (const other of new Set(doors.map(spelling))) {
         if (other !== spelling(here)) {
            const there = next.find((door) => spelling(door) === other);
            yield [`${here} <-> ${there}`, here, there, BETWEEN];
         }
      }
   }
}

function within(seconds, promise) {
   let timer;
   const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${seconds} seconds`)), seconds * 1000);
   });
   return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Runs one scenario; returns what went wrong, in full, or null; or why the scenario has nothing to show here.
async function play(router, here, there, scenario) {
   const ground = new Ground(router, here, there);
   try {
      await within(SCENARIO_SECONDS, scenario(ground));
      return null;
   } catch (error) {
      return error instanceof NotHere ? error : error.stack || JSON.stringify(error, null, 1);
   } finally {
      await within(SCENARIO_SECONDS, ground.clear()).catch(() => {
         process.stderr.write('a session of the last scenario did not end\n');
      });
   }
}

async function playAll(router, report) {
   for (const [way, here, there, scenarios] of ways(router)) {
      for (const [name, scenario] of Object.entries(scenarios)) {
         if (!words.length || words.some((word) => `${way} ${name}`.includes(word))) {
            const failure = await play(router, here, there, scenario);
            failure instanceof NotHere ? report.skip(name, failure.message) : report.add(way, name, failure);
         }
      }
   }
}

async function main() {
   const report = new Report(`autobahn-js ${version}`);
   try {
      await within(RUN_SECONDS, playAll(new Router(routerFile, autobahn), report));
   } catch (error) {
      report.add('all', 'the whole run', error.stack);
   }
   report.write(resultFile);
   const failed = report.failures.length || !report.passed;
   process.stdout.write(report + '\n', () => process.exit(failed ? 1 : 0));
}

// A vanished session leaves rejected promises behind; what a scenario waits for, it waits for itself.
process.on('unhandledRejection', () => {});
main();
