// Checks a state machine definition as CloudFormation would submit it: substitutions first, then structure, then targets.
// Usage: NODE_PATH=<node_modules> node workflow.js <definition>
const { readFileSync } = require("node:fs");
const validate = require("asl-validator");

const path = process.argv[2];
const text = readFileSync(path, "utf8")
  .replace(/\$\{(\w+)Arn\}/g, "arn:aws:lambda:eu-west-1:123456789012:function:$1")
  .replace(/\$\{Partition\}/g, "aws")
  .replace(/\$\{(\w+)\}/g, "$1");
const { isValid, errors } = validate(JSON.parse(text), { checkPaths: true, checkArn: true });
for (const error of errors) {
  console.log(`${path}: ${error["Error code"]} ${error.Message ?? ""} ${error.path ?? ""}`.trimEnd());
}
console.log(`workflow: ${isValid ? "valid" : `${errors.length} errors`}`);
process.exit(isValid ? 0 : 1);
