/**
 * What is rewritten in the JDK, and how. {@link dev.gmem.agent.rewrite.JdkShape} knows what the JDK
 * must look like; {@link dev.gmem.agent.rewrite.JdkRewriter} turns its classes into ones that ask
 * the gate. Nothing here is called once the agent is installed, except to heal.
 */
package dev.gmem.agent.rewrite;
