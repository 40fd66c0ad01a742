-- Neovim drives the server in the current folder; ends with an error if something is not as it should be.
local function fail(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

local function expect(what, condition)
  -- Waits for messages, for half a minute at the most.
  if not vim.wait(30000, condition, 10) then
    fail("not so: " .. what)
  end
end

local ok, problem = pcall(function()
  vim.cmd("edit qapi-schema.json")
  local client = vim.lsp.start_client({
    name = "qapi-gen",
    cmd = { vim.env.QAPI_GEN, "lsp" },
    root_dir = vim.fn.getcwd(),
  })
  vim.lsp.buf_attach_client(0, client)
  expect("the server runs", function()
    return #vim.lsp.buf_get_clients(0) == 1
  end)
  -- Typing an error, and taking it back.
  local line = vim.fn.search("'event'")
  local before = vim.fn.getline(line)
  vim.api.nvim_buf_set_text(0, line - 1, #before - 4, line - 1, #before - 3, { "é'x" })
  expect("there are errors", function()
    return #vim.diagnostic.get(0) > 0
  end)
  vim.fn.setline(line, before)
  expect("there are none", function()
    return #vim.diagnostic.get(0) == 0
  end)
  -- To the definition of Point, in another file.
  vim.fn.cursor(line, vim.fn.getline(line):find("Point"))
  vim.lsp.buf.definition()
  expect("the definition is found", function()
    return vim.fn.expand("%:t") == "types.json" and vim.fn.getline("."):match("'struct': 'Point'")
  end)
  -- Another name for it, in both files.
  vim.lsp.buf_attach_client(0, client)
  vim.lsp.buf.rename("Place")
  expect("the name is changed", function()
    local text = table.concat(vim.fn.getbufline("qapi-schema.json", 1, "$"), "\n")
    return vim.fn.getline("."):match("'struct': 'Place'") and text:match("`Place`") and not text:match("Point")
  end)
  -- Both files are buffers that were not saved, and agree.
  expect("there are no errors", function()
    return #vim.diagnostic.get(nil) == 0
  end)
  vim.lsp.stop_client(client)
  expect("the server is gone", function()
    return vim.lsp.get_client_by_id(client) == nil
  end)
end)
if not ok then
  fail(tostring(problem))
end
io.stdout:write("everything is as it should be\n")
vim.cmd("qall!")
