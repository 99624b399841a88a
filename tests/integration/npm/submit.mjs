// Make calls of a service by what its WSDL says and nothing else; tell on standard output what was answered.
// Standard input: {"wsdl": URL, "token": text, "service": name, "port": name, "version": "1.1" | "1.2", "calls": [...]}

import { createClientAsync } from "soap";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const told = JSON.parse(Buffer.concat(chunks).toString("utf-8"));

const client = await createClientAsync(told.wsdl, { forceSoap12Headers: told.version === "1.2" });
client.addHttpHeader("Authorization", `Bearer ${told.token}`);
client.addSoapHeader({
  "ns:ActiveOrganisationHeader": { "ns:OrganisationTypeIdentifier": 7, "ns:OrganisationCode": "376" },
}, "", "ns", "urn:one-plan-hub:employment:1");
const submit = client[told.service][told.port].SubmitPersonCase;

const call = (message) =>
  new Promise((resolve) =>
    submit(message, (error, answer) => {
      const fault = error?.root?.Envelope?.Body?.Fault;
      if (error && !fault) resolve({ error: String(error) });
      else if (fault) resolve({ status: error.response?.status, fault: (fault.detail ?? fault.Detail).HubFault });
      else resolve({ receipt: answer });
    }),
  );

const answers = [];
for (const message of told.calls) answers.push(await call(message));
process.stdout.write(JSON.stringify({ endpoint: client.wsdl.definitions.services[told.service].ports[told.port].location, answers }));
