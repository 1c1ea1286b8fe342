//! The door itself: what rmcp asks of a server, answered.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestMethod,
        CompleteRequestParams, CompleteResult, ConstString, CustomRequest, CustomResult, DiscoverResult, ErrorCode,
        Implementation, JsonObject, ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod,
        ListResourceTemplatesResult, ListResourcesRequestMethod, ListResourcesResult, ListToolsResult, MetaObject,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as Definition,
    },
    service::RequestContext,
};

use crate::{
    model::{
        limits::Limits,
        request::{Principal, Via},
    },
    service::{Stockade, own_principal},
};

use super::{aliases, call::Call, policy, reply, slots::Slots, text::shorten, tools::Tool};

/// The agents' door to a running house, for one principal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    service: Stockade,
    who: Principal,
    /// As they were at the start. Of what they say, the limits of the policy alone change later.
    tools: Vec<(Tool, Definition)>,
    limits: Limits,
    slots: Slots,
}

impl Door {
    /// A door for the user who started this process, over its standard streams.
    pub fn for_own_user(service: Stockade) -> Self {
        Self::new(service, own_principal(Via::Stdio))
    }

    fn new(service: Stockade, who: Principal) -> Self {
        let limits = service.limits();
        let tools = Tool::ALL.into_iter().map(|tool| (tool, tool.definition(&limits))).collect();
        Self { inner: Arc::new(Inner { service, who, tools, limits, slots: Slots::new() }) }
    }

    /// The tools as they are under the policy in use.
    fn definitions(&self) -> Vec<Definition> {
        let limits = self.inner.service.limits();
        if limits == self.inner.limits {
            self.inner.tools.iter().map(|(_, definition)| definition.clone()).collect()
        } else {
            Tool::ALL.into_iter().map(|tool| tool.definition(&limits)).collect()
        }
    }

    async fn answer(&self, tool: Tool, given: JsonObject, context: &RequestContext<RoleServer>) -> CallToolResult {
        let mut result = self.carry_out(tool, given, context).await;
        policy::tell(&mut result, tool, &self.inner.service.policy());
        result
    }

    async fn carry_out(&self, tool: Tool, given: JsonObject, context: &RequestContext<RoleServer>) -> CallToolResult {
        let _slot = match self.inner.slots.take(tool) {
            Ok(slot) => slot,
            Err(denial) => return reply::refusal(&denial),
        };
        let schema = self.inner.tools.iter().find(|(one, _)| *one == tool).map(|(_, it)| &it.input_schema);
        let call = Call {
            service: self.inner.service.clone(),
            who: self.inner.who.clone(),
            client: context.client_info().map(|client| claimed(&client)),
            gone: context.ct.clone(),
        };
        let result = tool.run(&call, schema.map_or(&JsonObject::new(), AsRef::as_ref), given).await;
        result.unwrap_or_else(|denial| reply::refusal(&denial))
    }
}

impl ServerHandler for Door {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(implementation())
            .with_instructions(INSTRUCTIONS)
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if request.is_some_and(|request| request.cursor.is_some()) {
            return Err(ErrorData::invalid_params("the list has one page; no cursor is valid", None));
        }
        let mut result = ListToolsResult::with_all_items(self.definitions());
        if is_modern(&context) {
            result = result.with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private);
            result.meta = Some(server_info());
        }
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = aliases::find(&request.name) else {
            let name = shorten(&request.name, 64);
            return Err(ErrorData::invalid_params(format!("unknown tool `{}`", name.escape_debug()), None));
        };
        let modern = is_modern(&context);
        let door = self.clone();
        // In a task of its own, so that a panic becomes an answer: rmcp would leave the client waiting for ever.
        let answer =
            tokio::spawn(async move { door.answer(tool, request.arguments.unwrap_or_default(), &context).await });
        let mut result = answer.await.map_err(|error| {
            tracing::error!(%error, tool = tool.name(), "a call failed inside");
            ErrorData::internal_error("the call failed inside the server; its log says more", None)
        })?;
        if modern {
            result.meta = Some(server_info());
        }
        Ok(result.into())
    }

    // Undeclared features: rmcp would answer these with empty lists, as if they were there.

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(not_offered::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(not_offered::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(not_offered::<ListResourceTemplatesRequestMethod>())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(not_offered::<CompleteRequestMethod>())
    }

    /// rmcp takes a known method with parameters of the wrong shape for an unknown method.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if OFFERED.contains(&request.method.as_str()) {
            return Err(ErrorData::invalid_params(
                format!("the parameters of `{}` do not have the form that the protocol gives them", request.method),
                None,
            ));
        }
        let method = shorten(&request.method, 64);
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("unknown method `{}`", method.escape_debug()), None))
    }
}

/// What clients are told about the whole.
const INSTRUCTIONS: &str = "Runs command lines as background jobs, judged by a policy and confined by a sandbox. \
    Call `execute`, then `status`, `output` or `tail` with the `job_id`; `wait_seconds` (at most 45) waits instead of \
    polling. A result with isError carries `code`, `reason` and a `hint`: follow the hint rather than retrying the same \
    command. Jobs end with this server.";

/// Tools and capabilities change only with the program. A policy that is loaded anew may change the limits that their
/// descriptions tell; no client has to know of that at once.
const FRESH_MS: u64 = 3_600_000;

/// Methods that this server has.
const OFFERED: [&str; 5] = ["initialize", "ping", "server/discover", "tools/list", "tools/call"];

fn implementation() -> Implementation {
    Implementation::new("stockade", env!("CARGO_PKG_VERSION")).with_title("Stockade")
}

/// Every result of the 2026-07-28 revision should name the server (basic, section `_meta`).
fn server_info() -> MetaObject {
    let info = serde_json::to_value(implementation()).unwrap_or_default();
    MetaObject(JsonObject::from_iter([("io.modelcontextprotocol/serverInfo".to_owned(), info)]))
}

/// Whether the request is of the lifecycle without `initialize`.
fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| !version.has_initialize())
}

/// What a client calls itself, short enough for every record.
fn claimed(client: &Implementation) -> String {
    shorten(&format!("{}/{}", client.name, client.version), 200)
}

fn not_offered<M: ConstString>() -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("this server does not offer `{}`", M::VALUE), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_name_is_bounded() {
        assert_eq!(claimed(&Implementation::new("codex", "1.2")), "codex/1.2");
        assert!(claimed(&Implementation::new("x".repeat(10_000), "1")).chars().count() <= 201);
    }

    #[test]
    fn results_name_the_server() {
        let info = &server_info().0["io.modelcontextprotocol/serverInfo"];
        assert_eq!((&info["name"], &info["version"]), (&"stockade".into(), &env!("CARGO_PKG_VERSION").into()));
    }
}
