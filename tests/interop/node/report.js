// What happened, as a table for people and as JSON for the runner.
'use strict';

const fs = require('fs');

class Report {
   constructor(client) {
      this.client = client;
      this._cases = [];
      this._skipped = new Map();
   }

   skip(scenario, why) {
      this._skipped.set(scenario, why);
   }

   add(way, scenario, failure) {
      this._cases.push({ way, scenario, failure: failure || null });
   }

   get failures() {
      return this._cases.filter((one) => one.failure);
   }

   get passed() {
      return this._cases.length - this.failures.length;
   }

   toString() {
      const lines = this.failures.map(
         ({ way, scenario, failure }) => `\nFAIL ${this.client}, ${way}, ${scenario}\n${failure}`,
      );
      const ways = [...new Set(this._cases.map((one) => one.way))];
      const scenarios = new Set(this._cases.map((one) => one.scenario));
      const wide = Math.max(0, ...ways.map((way) => way.length));
      lines.push(`\n${this.client}: ${ways.length} ways x ${scenarios.size} scenarios`);
      lines.push(...ways.map((way) => `  ${way.padEnd(wide)}  ${this._summary(way)}`));
      this._skipped.forEach((why, scenario) => lines.push(`  not everywhere: ${scenario}, because ${why}`));
      lines.push(`\n${this.passed} passed, ${this.failures.length} failed`);
      return lines.join('\n');
   }

   _summary(way) {
      const mine = this._cases.filter((one) => one.way === way);
      const failed = mine.filter((one) => one.failure);
      const ok = `${mine.length - failed.length} ok`.padStart(6);
      return ok + failed.map((one) => `   FAIL ${one.scenario}`).join('');
   }

   write(path) {
      const about = { client: this.client, passed: this.passed, failed: this.failures.length, cases: this._cases };
      fs.writeFileSync(path, JSON.stringify(about, null, 1));
   }
}

module.exports = { Report };
