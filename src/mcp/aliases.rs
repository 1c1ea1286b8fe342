//! Longer names that some clients know the tools by. They are accepted in calls and not listed.

use super::tools::Tool;

/// The tool of that name or alias.
pub(super) fn find(name: &str) -> Option<Tool> {
    Tool::ALL.into_iter().find(|tool| tool.name() == name || alias(*tool) == name)
}

fn alias(tool: Tool) -> &'static str {
    match tool {
        Tool::Execute => "execute_command",
        Tool::Status => "get_job_status",
        Tool::Output => "get_job_output",
        Tool::Tail => "tail_job_output",
        Tool::List => "list_jobs",
        Tool::Interact => "interact_with_job",
        Tool::Kill => "kill_job",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_found_by_both_names_and_by_no_other() {
        for tool in Tool::ALL {
            assert_eq!(find(tool.name()), Some(tool));
            assert_eq!(find(alias(tool)), Some(tool));
        }
        for name in ["", "Execute", "execute ", "run"] {
            assert_eq!(find(name), None, "{name:?}");
        }
    }
}
