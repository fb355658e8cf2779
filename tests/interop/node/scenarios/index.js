// Every scenario, by group. ALONE needs one door; BETWEEN is about payloads that cross from one door to another.
'use strict';

function of(group) {
   return Object.entries(require(`./${group}`)).map(([name, scenario]) => [`${group}: ${name}`, scenario]);
}

const BASIC = ['session', 'logins', 'cookies', 'decided', 'rpc', 'pubsub', 'payload'];
const ADVANCED = ['calls', 'registrations', 'subscriptions', 'meta', 'permissions'];
const ALONE = Object.fromEntries([...BASIC, ...ADVANCED].flatMap(of));

// The calls that say something new when both sides spell messages differently.
const CROSSING = [
   'arguments of every shape',
   'results of every shape',
   'errors carry their payload',
   'a mebibyte each way',
   'a procedure that returns nothing',
].map((name) => [`rpc: ${name}`, ALONE[`rpc: ${name}`]]);

const BETWEEN = Object.fromEntries([...of('payload'), ...CROSSING]);

module.exports = { ALONE, BETWEEN };
